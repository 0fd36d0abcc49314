"""An environment: its policy in sentences, what is live, what moves, who may, how its last rollouts ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q

from apps.clusters.models import Cluster
from apps.dashboard.marks import Mark, health_mark, phase_mark
from apps.dashboard.words import count, duration
from apps.environments.access import environments_of, targets_of
from apps.environments.choices import DeliveryMode, Strategy
from apps.environments.models import Environment, Target
from apps.organizations.access import NEVER_A_SERVICE, OF_GRANT, OF_ROLE, Actor, Right
from apps.organizations.models import Grant, Membership
from apps.rollouts.access import rollouts_of
from apps.rollouts.models import Rollout
from slipway.engine.phases import ACTIVE, QUEUED

PAGE_SIZE = 25
STRIP = 24  # so many of the last rollouts are drawn
UNDER_WAY = 12  # so many are named
_RUNNING = [str(phase) for phase in ACTIVE | QUEUED]


@dataclass(frozen=True, slots=True)
class EnvironmentLine:
    """One row of the list, in promotion order."""

    environment: Environment
    place: int
    policy: str
    clusters: tuple[str, ...]
    applications: int
    live: int
    moving: int
    waiting: int
    trouble: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Applications, not targets: one that stands on two clusters is one."""

    applications: int = 0
    live: int = 0
    trouble: int = 0
    moving: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What one target has."""

    id: str
    target: Target
    mark: Mark
    version: str
    going_to: str
    rollout_number: int | None
    since: datetime | None
    by: str


@dataclass(frozen=True, slots=True)
class RolloutLine:
    rollout: Rollout
    mark: Mark
    took: str


@dataclass(frozen=True, slots=True)
class Who:
    name: str
    email: str
    why: str  # "owner", or "by a grant of Ana"


@dataclass(frozen=True, slots=True)
class EnvironmentPicture:
    environment: Environment
    sentence: str
    policy: tuple[str, ...]
    clusters: tuple[Cluster, ...]
    standing: tuple[Standing, ...]
    page: Page[Target]
    sought: str
    under_way: tuple[RolloutLine, ...]
    under_way_more: int
    recent: tuple[RolloutLine, ...]  # newest first
    strip: tuple[RolloutLine, ...]  # oldest first, as time runs
    deploy: tuple[Who, ...]
    approve: tuple[Who, ...]

    @property
    def several_clusters(self) -> bool:
        return len(self.clusters) > 1


def environment_lines(actor: Actor) -> tuple[EnvironmentLine, ...]:
    rows = list(environments_of(actor).prefetch_related("clusters"))
    told = _tallies(actor)
    lines = []
    for place, row in enumerate(rows, start=1):
        tally = told.get(row.id, Tally())
        lines.append(
            EnvironmentLine(
                environment=row,
                place=place,
                policy=policy_in_short(row, rows[place - 2] if place > 1 else None),
                clusters=tuple(sorted(cluster.name for cluster in row.clusters.all())),
                applications=tally.applications,
                live=tally.live,
                moving=tally.moving,
                waiting=tally.waiting,
                trouble=tally.trouble,
            )
        )
    return tuple(lines)


def environment_picture(actor: Actor, row: Environment, *, page: str, sought: str) -> EnvironmentPicture:
    before = environments_of(actor).filter(position__lt=row.position).order_by("-position").first()
    targets = targets_of(actor).filter(environment_id=row.id).order_by("application__name", "id")
    tally = _tallies(actor, row.id).get(row.id, Tally())
    if sought:
        targets = targets.filter(
            Q(application__name__icontains=sought) | Q(application__slug__icontains=sought)
        )
    chosen = Paginator(targets, PAGE_SIZE).get_page(page)
    here = list(chosen)
    rollouts = rollouts_of(actor).filter(environment_id=row.id).order_by("-created_at", "-id")
    running = list(rollouts.filter(ended_at__isnull=True)[: UNDER_WAY + 1])
    ended = [_line(rollout) for rollout in rollouts.filter(ended_at__isnull=False)[:STRIP]]
    deploy, approve = _who(row)
    return EnvironmentPicture(
        environment=row,
        sentence=_sentence(row, tally),
        policy=policy_sentences(row, before),
        clusters=tuple(row.clusters.order_by("name")),
        standing=standing_of(here),
        page=chosen,
        sought=sought,
        under_way=tuple(_line(rollout) for rollout in running[:UNDER_WAY]),
        under_way_more=max(0, tally.moving + tally.waiting - UNDER_WAY),
        recent=tuple(ended[:8]),
        strip=tuple(reversed(ended)),
        deploy=deploy,
        approve=approve,
    )


def policy_sentences(row: Environment, before: Environment | None) -> tuple[str, ...]:
    """One sentence for each rule that holds here."""
    said = [_delivery(row, before)]
    if row.approvals_needed:
        waits = "Then it waits for" if row.delivery_mode == DeliveryMode.APPROVE else "Each rollout needs"
        said.append(f"{waits} {count(row.approvals_needed, 'approval')}; nobody approves their own.")
    else:
        said.append("No approval is needed.")
    said.append(
        "Old pods stop before new ones start."
        if row.strategy == Strategy.RECREATE
        else "New pods take over from old ones, a few at a time."
    )
    if row.bake_seconds:
        said.append(f"At the end health must hold for {_seconds(row.bake_seconds)}.")
    said.append(
        f"Whatever makes no progress for {_seconds(row.progress_deadline_seconds)} has failed and goes back by itself."
    )
    said.append(f"A plan that deletes more than {count(row.delete_limit, 'object')} wants the number typed.")
    return tuple(said)


def policy_in_short(row: Environment, before: Environment | None) -> str:
    parts = [_delivery(row, before).rstrip(".")]
    if row.approvals_needed:
        parts.append(f"needs {count(row.approvals_needed, 'approval')}")
    if row.bake_seconds:
        parts.append(f"bakes {_seconds(row.bake_seconds)}")
    return " · ".join(parts)


def _delivery(row: Environment, before: Environment | None) -> str:
    if row.delivery_mode == DeliveryMode.MANUAL:
        return "A person starts each rollout."
    origin = f"what has succeeded in {before.name}" if before else "every new release"
    return f"{origin[0].upper()}{origin[1:]} comes by itself."


def _seconds(seconds: int) -> str:
    if seconds and seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    if seconds and seconds % 60 == 0:
        return f"{seconds // 60} min"
    return duration(timedelta(seconds=seconds)) if seconds else "0 s"


def _tallies(actor: Actor, environment_id: UUID | None = None) -> dict[UUID, Tally]:
    """Of each environment that has targets. The rollouts are counted apart: a join of both would count twice."""
    targets = targets_of(actor)
    running = rollouts_of(actor).filter(ended_at__isnull=True)
    if environment_id is not None:
        targets = targets.filter(environment_id=environment_id)
        running = running.filter(environment_id=environment_id)
    moves = {
        environment: (moving, waiting)
        for environment, moving, waiting in running.order_by()
        .values("environment_id")
        .annotate(
            moving=Count("id", filter=Q(phase__in=[str(phase) for phase in ACTIVE])),
            waiting=Count("id", filter=Q(phase__in=[str(phase) for phase in QUEUED])),
        )
        .values_list("environment_id", "moving", "waiting")
    }
    bad = Q(needs_person_since__isnull=False) | Q(health="degraded", live_release_id__isnull=False)
    rows = (
        targets.order_by()
        .values("environment_id")
        .annotate(
            applications=Count("application_id", distinct=True),
            live=Count("application_id", distinct=True, filter=Q(live_release_id__isnull=False)),
            trouble=Count("application_id", distinct=True, filter=bad),
        )
        .values_list("environment_id", "applications", "live", "trouble")
    )
    return {
        environment: Tally(applications, live, trouble, *moves.get(environment, (0, 0)))
        for environment, applications, live, trouble in rows
    }


def _sentence(row: Environment, tally: Tally) -> str:
    applications, live = tally.applications, tally.live
    if not applications:
        return f"{row.name} has no application yet"
    if not live:
        said = f"Nothing is live in {row.name} yet"
    elif live == applications:
        said = f"{_all(live)} live in {row.name}"
    else:
        said = f"{live} of {count(applications, 'application')} {_is(live)} live in {row.name}"
    rest = []
    if moving := tally.moving:
        rest.append(f"{count(moving, 'rollout')} {_is(moving)} moving")
    if waiting := tally.waiting:
        rest.append(f"{count(waiting, 'rollout')} {'waits' if waiting == 1 else 'wait'}")
    if trouble := tally.trouble:
        rest.append(f"{trouble} {_is(trouble)} in trouble")
    return said + (f"; {', '.join(rest)}" if rest else "")


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _all(number: int) -> str:
    return "The one application is" if number == 1 else f"All {number} applications are"


def standing_of(targets: Sequence[Target]) -> tuple[Standing, ...]:
    running = {
        rollout.target_id: rollout
        for rollout in Rollout.objects.filter(target__in=targets, phase__in=_RUNNING)
        .select_related("release")
        .order_by("created_at")
    }
    return tuple(_one_standing(target, running.get(target.id)) for target in targets)


def _one_standing(target: Target, running: Rollout | None) -> Standing:
    live = target.live_version or ""
    mark = health_mark(target.health) if live else Mark("unknown", "nothing yet")
    if running is not None:
        mark = phase_mark(running.phase, running.kind)
    return Standing(
        id=f"here-{target.id}",
        target=target,
        mark=mark,
        version=live,
        going_to=running.release.version if running else "",
        rollout_number=running.number if running else None,
        since=target.live_since,
        by=target.live_by_label or "",
    )


def _line(rollout: Rollout) -> RolloutLine:
    begun = rollout.slot_at or rollout.created_at
    took = duration(rollout.ended_at - begun) if rollout.ended_at else ""
    return RolloutLine(rollout, phase_mark(rollout.phase, rollout.kind), took)


def _who(row: Environment) -> tuple[tuple[Who, ...], tuple[Who, ...]]:
    """(deploy, approve): by role everywhere, or by a grant here."""
    living = Membership.objects.filter(suspended_at__isnull=True)
    members = list(living.select_related("user").order_by("user__name", "user__email"))
    granted: dict[UUID, list[Grant]] = {}
    # For every application; what is for one alone is said where that one is.
    here = Q(environment_id=row.id) | Q(environment_id__isnull=True)
    for grant in (
        Grant.objects.filter(here, application_id__isnull=True)
        .select_related("given_by", "team")
        .prefetch_related("team__members")
    ):
        held_by = (
            [one.membership_id for one in grant.team.members.all()] if grant.team else [grant.membership_id]
        )
        for holder in held_by:
            if holder is not None:
                granted.setdefault(holder, []).append(grant)

    def able(right: Right) -> tuple[Who, ...]:
        found = []
        for member in members:
            if member.user.is_service and right in NEVER_A_SERVICE:
                continue
            if right in OF_ROLE.get(member.role, frozenset()):
                found.append(Who(str(member.user), member.user.email, member.role))
                continue
            by = next((one for one in granted.get(member.id, ()) if right in OF_GRANT[one.right]), None)
            if by is not None:
                found.append(Who(str(member.user), member.user.email, f"by a grant of {by.given_by}"))
        return tuple(found)

    starts = Right.START if row.approvals_needed else Right.START_UNAPPROVED
    return able(starts), able(Right.APPROVE)
