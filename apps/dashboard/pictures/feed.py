"""The page of activity: which entries, and what there is to choose them by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from apps.applications.models import Application
from apps.audit.models import Activity
from apps.dashboard.pictures.activity import ActivityLine, folded
from apps.dashboard.words import number_in
from apps.environments.models import Environment
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.models import Membership

_OVERRIDES = ("rollout.break-glass", "rollout.emergency", "rollout.after-review")
PAGE = 120  # entries; the phases of one rollout are one line of them
# What a filter says → the kinds it stands for. `kind = ANY` walks one index range per kind.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "rollouts": ("Rollouts", ("rollout.phase",)),
    "decisions": (
        "Decisions",
        ("rollout.approve", "rollout.reject", "rollout.confirm-deletions", *_OVERRIDES),
    ),
    "acts": (
        "Aborts and pauses",
        ("rollout.abort", "rollout.stop", "rollout.stop-here", "rollout.pause", "rollout.resume"),
    ),
    "releases": ("Releases", ("release.created",)),
    "places": (
        "Applications, environments, clusters",
        (
            *("application.created", "environment.created", "environment.changed", "environment.moved"),
            *("cluster.added", "cluster.reachable", "cluster.unreachable", "cluster.refused"),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Wish:
    kind: str = ""  # one of KINDS
    person: str = ""  # a member's id
    application: str = ""  # slugs
    environment: str = ""
    before: int = 0  # entries with a smaller number; 0: from the newest on

    @property
    def is_narrowed(self) -> bool:
        return bool(self.kind or self.person or self.application or self.environment)

    @property
    def query(self) -> str:
        pairs = [("kind", self.kind), ("person", self.person), ("application", self.application)]
        pairs += [("environment", self.environment), ("before", str(self.before or ""))]
        return urlencode([pair for pair in pairs if pair[1]])


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Feed:
    wish: Wish
    lines: tuple[ActivityLine, ...]
    older: str  # the address of the next page, "" on the last
    kinds: tuple[Choice, ...]
    people: tuple[Choice, ...]
    environments: tuple[Choice, ...]

    @property
    def is_live(self) -> bool:
        """Only the newest page changes by itself."""
        return not self.wish.before

    @property
    def newest(self) -> str:
        return replace(self.wish, before=0).query


def read_wish(query: QueryDict) -> Wish:
    """What is not understood is left out."""
    kind = query.get("kind", "")
    return Wish(
        kind=kind if kind in KINDS else "",
        person=_uuid(query.get("person", "")),
        application=query.get("application", "").replace("\x00", "").strip()[:60],
        environment=query.get("environment", "").replace("\x00", "").strip()[:60],
        before=number_in(query.get("before"), digits=17) or 0,
    )


def feed_of(actor: Actor, wish: Wish) -> Feed:
    """Inside the organization's scope."""
    authorize(actor, Right.SEE)
    members = Membership.objects.select_related("user").order_by("user__name", "id")
    people = tuple(Choice(str(row.user_id), str(row.user)) for row in members[:500])
    environments = list(Environment.objects.order_by("position"))
    rows = list(_entries(wish, environments)[: PAGE + 1])
    older = replace(wish, before=rows[PAGE - 1].number).query if len(rows) > PAGE else ""
    return Feed(
        wish=wish,
        lines=tuple(folded(rows[:PAGE])),
        older=older,
        kinds=tuple(Choice(name, words) for name, (words, _) in KINDS.items()),
        people=people,
        environments=tuple(Choice(row.slug, row.name) for row in environments),
    )


def _entries(wish: Wish, environments: list[Environment]) -> QuerySet[Activity]:
    rows: QuerySet[Activity] = Activity.objects.order_by("-number")
    if wish.before:
        rows = rows.filter(number__lt=wish.before)
    if wish.kind:
        kinds = KINDS[wish.kind][1]
        rows = rows.filter(kind=kinds[0]) if len(kinds) == 1 else rows.filter(kind__in=kinds)
    if wish.person:
        rows = rows.filter(actor_id=UUID(wish.person))
    if wish.application:
        found = Application.objects.filter(slug=wish.application).values_list("id", flat=True).first()
        rows = rows.filter(application_id=found) if found else rows.none()
    if wish.environment:
        place = next((row.id for row in environments if row.slug == wish.environment), None)
        rows = rows.filter(environment_id=place) if place else rows.none()
    return rows


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
