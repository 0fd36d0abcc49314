"""The list of rollouts, the newest first: what the address asks for, a page at a time by number, so that the last of a
million costs no more than the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.applications.access import applications_of
from apps.core.problems import NotFound
from apps.dashboard.marks import Mark, phase_mark
from apps.dashboard.words import number_in
from apps.environments.models import Environment
from apps.organizations.access import Actor
from apps.organizations.models import Membership
from apps.rollouts.access import rollouts_of
from apps.rollouts.models import Rollout
from slipway.engine.phases import Phase

A_PAGE = 40
MOST_NAMED = 50  # applications that a part of a name may mean
MOST_PEOPLE = 200

STATES: Mapping[str, tuple[str, tuple[Phase, ...]]] = {
    "moving": ("under way", (Phase.PROGRESSING, Phase.PAUSED, Phase.VERIFYING)),
    "waiting": ("waiting", (Phase.PENDING, Phase.WAITING)),
    "healthy": ("healthy", (Phase.SUCCEEDED,)),
    "failed": ("failed", (Phase.FAILED,)),
    "errored": ("errored", (Phase.ERRORED,)),
    "aborted": ("aborted", (Phase.ABORTED,)),
    "superseded": ("superseded", (Phase.SUPERSEDED,)),
}
_OPEN = {"moving", "waiting"}
# What a line does not show; of 500 pods it would be a hundred kilobytes each.
_BULKY = ("progress", "policy", "reasons")


@dataclass(frozen=True, slots=True)
class Sieve:
    """What the address asks for; "" is everything."""

    application: str = ""
    environment: str = ""
    state: str = ""
    by: str = ""  # a member's id, or "me"
    only: str = ""  # "moving": whatever has not ended

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> Sieve:
        sieve = cls(**{name: str(query.get(name, "")).strip()[:120] for name in cls.__slots__})
        if sieve.only not in {"", "moving"}:
            raise NotFound("Rollouts are listed whole, or only those that move.")
        if sieve.state and sieve.state not in STATES:
            raise NotFound("There is no such state.")
        return sieve

    @property
    def query(self) -> str:
        return urlencode({name: value for name in self.__slots__ if (value := getattr(self, name))})

    @property
    def is_open(self) -> bool:
        return not self.query


@dataclass(frozen=True, slots=True)
class Line:
    rollout: Rollout
    mark: Mark


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RolloutListing:
    sieve: Sieve
    lines: tuple[Line, ...]
    newer: str  # the query of the page before, "" on the first
    older: str
    here: str  # the query of this page
    environments: tuple[Choice, ...]
    states: tuple[Choice, ...]
    people: tuple[Choice, ...]


def listing_of(actor: Actor, query: Mapping[str, Any]) -> RolloutListing:
    sieve = Sieve.of(query)
    rows = _sieved(actor, sieve)
    before, after = number_in(query.get("before")), number_in(query.get("after"))
    if after is not None:
        found = list(rows.filter(number__gt=after).order_by("number")[: A_PAGE + 1])
        more_newer, more_older = len(found) > A_PAGE, True
        found = found[:A_PAGE][::-1]
    else:
        page = rows.filter(number__lt=before) if before is not None else rows
        found = list(page.order_by("-number")[: A_PAGE + 1])
        more_newer, more_older = before is not None, len(found) > A_PAGE
        found = found[:A_PAGE]
    base = f"{sieve.query}&" if sieve.query else ""
    place = f"before={before}" if before is not None else f"after={after}" if after is not None else ""
    return RolloutListing(
        sieve=sieve,
        lines=tuple(Line(row, phase_mark(row.phase, row.kind)) for row in found),
        newer=f"{base}after={found[0].number}" if found and more_newer else "",
        older=f"{base}before={found[-1].number}" if found and more_older else "",
        here=f"{base}{place}".rstrip("&"),
        environments=tuple(
            Choice(slug, name, slug == sieve.environment)
            for slug, name in Environment.objects.order_by("position").values_list("slug", "name")
        ),
        states=tuple(Choice(name, words, name == sieve.state) for name, (words, _) in STATES.items()),
        people=_people(actor, sieve),
    )


def _sieved(actor: Actor, sieve: Sieve) -> QuerySet[Rollout]:
    rows = rollouts_of(actor).defer(*_BULKY)
    if sieve.application:
        named = Q(slug__icontains=sieve.application) | Q(name__icontains=sieve.application)
        found = applications_of(actor).filter(named).values_list("id", flat=True)[:MOST_NAMED]
        rows = rows.filter(application_id__in=list(found))
    if sieve.environment:
        rows = rows.filter(environment__slug=sieve.environment)
    if sieve.state:
        rows = rows.filter(phase__in=[str(phase) for phase in STATES[sieve.state][1]])
    if sieve.only == "moving" or sieve.state in _OPEN:
        rows = rows.filter(ended_at__isnull=True)  # has an index of its own
    if sieve.by:
        rows = rows.filter(requested_by_id=_person(actor, sieve.by))
    return rows


def _person(actor: Actor, by: str) -> UUID:
    if by == "me":
        return actor.user_id
    try:
        return UUID(by)
    except ValueError:
        raise NotFound("There is no such person.") from None


def _people(actor: Actor, sieve: Sieve) -> tuple[Choice, ...]:
    rows = Membership.objects.select_related("user").order_by("user__name")[:MOST_PEOPLE]
    others = [
        Choice(str(row.user_id), row.user.name or row.user.email, str(row.user_id) == sieve.by)
        for row in rows
        if row.user_id != actor.user_id
    ]
    return (Choice("me", "me", sieve.by in {"me", str(actor.user_id)}), *others)
