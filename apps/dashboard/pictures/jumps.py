"""Where one can go and what one can begin here, for the palette. Only what this person may, and only pages that
there are."""

from __future__ import annotations

from dataclasses import dataclass

from apps.dashboard.pictures.finders import link
from apps.dashboard.pictures.search import Hit, Search
from apps.dashboard.pictures.sought import Nearness, nearest
from apps.organizations.access import Right, decide


@dataclass(frozen=True, slots=True)
class Jump:
    name: str
    page: str  # the URL's name; takes the organization
    icon: str
    right: Right = Right.SEE
    also: str = ""  # other words for it


PLACES = (
    Jump("Home", "home", "home", also="overview matrix inbox dashboard start"),
    Jump("Applications", "applications", "applications", also="apps services"),
    Jump("Rollouts", "rollouts", "rollouts", also="deployments deploys"),
    Jump("Approvals", "approvals", "approvals", also="reviews inbox waiting"),
    Jump("Activity", "activity", "activity", also="feed history events"),
    Jump("Environments", "environments", "environments", also="stages places"),
    Jump("Clusters", "clusters", "clusters", also="kubernetes"),
    Jump("Audit", "audit", "audit", Right.SEE_AUDIT, also="log trail verify"),
    Jump("Settings", "settings", "settings", Right.CONFIGURE, also="preferences configuration"),
    Jump("People", "people", "settings", Right.MANAGE_PEOPLE, also="members roles team settings"),
    Jump("Invitations", "invitations", "settings", Right.MANAGE_PEOPLE, also="invite people settings"),
    Jump("Tokens", "tokens", "settings", also="api keys settings"),
    Jump("Account", "account", "settings", also="profile sessions password"),
)
ACTIONS = (
    Jump("Add an application", "first-application", "applications", Right.CONFIGURE, also="create new first"),
    Jump("Add a cluster", "cluster-add", "clusters", Right.CONFIGURE, also="connect create new kubernetes"),
    Jump("Add an environment", "environment-add", "environments", Right.CONFIGURE, also="create new stage"),
    Jump("Invite somebody", "invite", "settings", Right.MANAGE_PEOPLE, also="add people person member"),
    Jump("Make a token", "token-add", "settings", also="create new api key"),
)
# Done by the page's own script, so there is no address.
THEMES = (
    ("Theme: light", "theme-light", "bright day"),
    ("Theme: dark", "theme-dark", "night"),
    ("Theme: as the system", "theme-system", "automatic default"),
)
SCRIPTED = (("Keyboard shortcuts", "shortcuts", "help keys"),)


def places(search: Search) -> list[Hit]:
    return _found(search, PLACES, "place")


def actions(search: Search) -> list[Hit]:
    found = _found(search, ACTIONS, "action")
    for name, act, also in (*THEMES, *SCRIPTED):
        near = _near(search, name, also)
        if near is not None:
            icon = "theme" if act.startswith("theme") else "keys"
            found.append(Hit(f"hit-{act}", "action", icon, name, "", near, act=act))
    return sorted(found, key=lambda hit: hit.near)


def _found(search: Search, jumps: tuple[Jump, ...], kind: str) -> list[Hit]:
    found = []
    for jump in jumps:
        near = _near(search, jump.name, jump.also)
        if near is None or not decide(search.actor, jump.right).allowed:
            continue
        if href := link(jump.page, search.actor.organization_slug):
            found.append(Hit(f"hit-{kind}-{jump.page}", kind, jump.icon, jump.name, href, near))
    return sorted(found, key=lambda hit: hit.near)


def _near(search: Search, name: str, also: str) -> Nearness | None:
    """Without words everything; by other words for it never nearer than by its name."""
    if not search.sought.words:
        return Nearness.WORD
    near = nearest((name,), search.sought)
    if near is None and nearest((f"{name} {also}",), search.sought) is not None:
        return Nearness.INSIDE
    return near
