"""An application's page below its line: how its last rollouts went, where each release is, who may do what where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log1p
from statistics import median
from uuid import UUID

from django.db.models import Count

from apps.dashboard.marks import Mark, health_mark, phase_mark
from apps.dashboard.words import count, duration
from apps.environments.models import Environment, Target
from apps.organizations.choices import GrantedRight, Role
from apps.organizations.models import Grant, Membership
from apps.releases.models import Release, ReleaseCommit
from apps.rollouts.history import Ended, last_ended
from apps.rollouts.models import Rollout
from slipway.engine.phases import ACTIVE, QUEUED, Phase

BARS = 30
MOST_NAMES = 6
_MOST_PEOPLE = 200
_HEIGHT = 36  # of the picture, in its own units


@dataclass(frozen=True, slots=True)
class Bar:
    rollout_number: int
    title: str
    look: str
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Strip:
    """The last rollouts of one environment, the newest on the right."""

    environment: str
    slug: str
    bars: tuple[Bar, ...]
    words: str  # "28 of 30 succeeded"
    usual: str  # "usually 1:12 min"


@dataclass(frozen=True, slots=True)
class HistoryLine:
    rollout: Rollout
    mark: Mark
    took: str


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    release: Release
    commits: int
    places: tuple[tuple[str, Mark], ...]  # where it is live, where it is going


@dataclass(frozen=True, slots=True)
class MayLine:
    environment: str
    slug: str
    start: str
    approve: str


def strips_of(targets: Sequence[Target]) -> tuple[Strip, ...]:
    """One query for all."""
    if not targets:
        return ()
    rows = last_ended([target.id for target in targets], most=BARS)
    places: dict[UUID, Environment] = {target.environment_id: target.environment for target in targets}
    at = {target.id: target.environment_id for target in targets}
    found = []
    for environment in sorted(places.values(), key=lambda place: place.position):
        mine = sorted((row for row in rows if at[row.target_id] == environment.id), key=_asked_at)[-BARS:]
        found.append(_strip(environment, mine))
    return tuple(found)


def took(asked_at: datetime, slot_at: datetime | None, ended_at: datetime | None) -> timedelta | None:
    """From when it held the slot: waiting for people is no part of it."""
    return ended_at - slot_at if ended_at and slot_at else None


def history_lines(rollouts: Iterable[Rollout]) -> tuple[HistoryLine, ...]:
    lines = []
    for row in rollouts:
        passed = took(row.created_at, row.slot_at, row.ended_at)
        lines.append(
            HistoryLine(row, phase_mark(row.phase, row.kind), duration(passed) if passed is not None else "")
        )
    return tuple(lines)


def release_lines(releases: Sequence[Release], targets: Sequence[Target]) -> tuple[ReleaseLine, ...]:
    """Two queries for a page of any size."""
    identifiers = [release.id for release in releases]
    counted: dict[UUID, int] = dict(
        ReleaseCommit.objects.filter(release_id__in=identifiers)
        .order_by()
        .values_list("release_id")
        .annotate(number=Count("id"))
    )
    going = list(
        Rollout.objects.filter(
            release_id__in=identifiers, phase__in=[str(phase) for phase in ACTIVE | QUEUED]
        ).select_related("environment")
    )
    lines = []
    for release in releases:
        places = [
            (target.environment.name, health_mark(target.health))
            for target in targets
            if target.live_release_id == release.id
        ]
        places += [
            (f"→ {row.environment.name}", phase_mark(row.phase, row.kind))
            for row in going
            if row.release_id == release.id
        ]
        lines.append(ReleaseLine(release, counted.get(release.id, 0), tuple(dict.fromkeys(places))))
    return tuple(lines)


def who_may(environments: Sequence[Environment]) -> tuple[MayLine, ...]:
    """Two queries: by role everywhere, by grant in one environment."""
    by_role: dict[str, list[str]] = {}
    for membership in (
        Membership.objects.filter(role__in=[Role.OWNER, Role.RELEASER, Role.DEVELOPER])
        .select_related("user")
        .order_by("role", "user__name", "id")[:_MOST_PEOPLE]
    ):
        by_role.setdefault(membership.role, []).append(str(membership.user))
    granted: dict[tuple[UUID, str], list[str]] = {}
    for grant in (
        Grant.objects.filter(environment_id__in=[place.id for place in environments])
        .select_related("membership__user")
        .order_by("created_at")[:_MOST_PEOPLE]
    ):
        granted.setdefault((grant.environment_id, grant.right), []).append(str(grant.membership.user))
    lines = []
    for place in environments:
        releasers = by_role.get(Role.OWNER, []) + by_role.get(Role.RELEASER, [])
        starters = releasers + granted.get((place.id, GrantedRight.DEPLOY), [])
        if not place.approvals_needed:
            starters = starters + by_role.get(Role.DEVELOPER, [])
        approvers = releasers + granted.get((place.id, GrantedRight.APPROVE), [])
        needed = place.approvals_needed
        lines.append(
            MayLine(
                environment=place.name,
                slug=place.slug,
                start=_names(starters),
                approve=f"{count(needed, 'approval')} of {_names(approvers)}" if needed else "",
            )
        )
    return tuple(lines)


def _names(names: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(names))
    if not distinct:
        return "nobody yet"
    rest = len(distinct) - MOST_NAMES
    return ", ".join(distinct[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def _strip(environment: Environment, rows: Sequence[Ended]) -> Strip:
    times = [took(row.asked_at, row.slot_at, row.ended_at) for row in rows]
    longest = max((passed.total_seconds() for passed in times if passed), default=0)
    bars = tuple(
        _bar(row, passed, longest, BARS - len(rows) + place)
        for place, (row, passed) in enumerate(zip(rows, times, strict=True))
    )
    good = [
        passed.total_seconds()
        for row, passed in zip(rows, times, strict=True)
        if row.phase == Phase.SUCCEEDED and passed is not None
    ]
    told = [row for row in rows if row.phase != Phase.SUPERSEDED]
    succeeded = sum(1 for row in told if row.phase == Phase.SUCCEEDED)
    words = f"{succeeded} of {len(told)} succeeded" if told else "no rollouts yet"
    usual = f"usually {duration(timedelta(seconds=median(good)))}" if good else ""
    return Strip(environment.name, environment.slug, bars, words, usual)


def _bar(row: Ended, passed: timedelta | None, longest: float, place: int) -> Bar:
    """Heights by the logarithm: a minute and an hour stand beside each other and both can be seen."""
    mark = phase_mark(row.phase, row.kind)
    seconds = passed.total_seconds() if passed is not None else 0
    share = log1p(seconds) / log1p(longest) if longest else 0
    height = max(4, round(share * _HEIGHT))
    long = f" in {duration(passed)}" if passed is not None else ""
    title = f"Rollout {row.number}: {row.version} {mark.word}{long}, asked for by {row.by}"
    return Bar(row.number, title, mark.look, place * 10 + 1, _HEIGHT - height, height)


def _asked_at(row: Ended) -> datetime:
    return row.asked_at
