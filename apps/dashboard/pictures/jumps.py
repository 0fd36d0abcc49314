"""Where one can go and what one can begin here, for the palette. Only what this person may, and only pages that
there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from apps.dashboard.pictures.finders import link
from apps.dashboard.pictures.search import Group, Hit, Search
from apps.dashboard.pictures.sought import Nearness, nearest
from apps.organizations.access import Right, decide
from apps.organizations.choices import GrantedRight

_PART = "Settings: "
_MOST_PROMOTED = 2


@dataclass(frozen=True, slots=True)
class Jump:
    name: str
    page: str  # the URL's name; takes the organization
    icon: str
    right: Right = Right.SEE
    also: str = ""  # other words for it
    of_organization: bool = True  # its address names one
    only_at_rest: bool = False  # shown before anything is typed, in place of its parts


PLACES = (
    Jump("Home", "home", "home", also="overview matrix inbox dashboard start"),
    Jump("Applications", "applications", "applications", also="apps services"),
    Jump("Rollouts", "rollouts", "rollouts", also="deployments deploys"),
    Jump("Approvals", "approvals", "approvals", also="reviews inbox waiting"),
    Jump("Activity", "activity", "activity", also="feed history events"),
    Jump("Environments", "environments", "environments", also="stages places"),
    Jump("Clusters", "clusters", "clusters", also="kubernetes"),
    Jump("Audit", "audit", "audit", Right.SEE_AUDIT, also="log trail verify"),
    Jump(
        "Settings: people",
        "settings-people",
        "settings",
        Right.MANAGE_PEOPLE,
        also="members roles invitations service accounts suspend why may access",
    ),
    Jump("Settings: teams", "settings-teams", "settings", Right.MANAGE_PEOPLE, also="groups grants"),
    Jump("Settings: your membership", "settings-membership", "settings", also="leave role ownership"),
    Jump("Settings: tokens", "settings-tokens", "settings", also="api keys"),
    Jump("Settings: environments", "settings-environments", "settings", Right.CONFIGURE, also="policy"),
    Jump("Settings: clusters", "settings-clusters", "settings", Right.CONFIGURE, also="credentials"),
    Jump("Settings: organization", "settings-organization", "settings", Right.CONFIGURE, also="rename name"),
    Jump(
        "Account", "account", "person", also="profile sessions password theme density", of_organization=False
    ),
)
ACTIONS = (
    Jump("Add an application", "first", "applications", Right.CONFIGURE, also="create new first manifest"),
    Jump(
        "Add a cluster", "settings-cluster-new", "clusters", Right.CONFIGURE, also="connect create kubernetes"
    ),
    Jump(
        "Add an environment", "settings-environment-new", "environments", Right.CONFIGURE, also="create stage"
    ),
    Jump(
        "Invite somebody", "settings-people", "person", Right.MANAGE_PEOPLE, also="add person member people"
    ),
    Jump("Make a token", "settings-tokens", "settings", also="create api key"),
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


def promotions(search: Search, groups: Sequence[Group]) -> list[Hit]:
    """Putting the first found releases somewhere, for who may start anything. Where, the page then asks."""
    actor = search.actor
    starts = any(decide(actor, right).allowed for right in (Right.START, Right.START_UNAPPROVED))
    if not starts and not any(held.right == GrantedRight.DEPLOY for held in actor.grants):
        return []
    releases = [hit for group in groups for hit in group.hits if hit.kind == "release"]
    return [
        Hit(
            f"hit-promote-{hit.id.removeprefix('hit-')}",
            "action",
            "rollouts",
            f"Promote {hit.name}",
            f"{link('start', actor.organization_slug, hit.application)}?{urlencode({'release': hit.version})}",
            Nearness.COMBINED,
            version=hit.version,
        )
        for hit in releases[:_MOST_PROMOTED]
    ]


def _found(search: Search, jumps: tuple[Jump, ...], kind: str) -> list[Hit]:
    found = []
    for jump in jumps:
        near = _near(search, jump.name, jump.also)
        at_rest = not search.sought.words
        if jump.only_at_rest is not at_rest and (jump.only_at_rest or jump.name.startswith(_PART)):
            continue
        if near is None or not decide(search.actor, jump.right).allowed:
            continue
        arguments = [search.actor.organization_slug] if jump.of_organization else []
        if href := link(jump.page, *arguments):
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
