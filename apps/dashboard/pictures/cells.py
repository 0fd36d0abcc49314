"""One cell per target: what is live, what is coming and how far it got, and how far it is behind its neighbour.

Rollouts are found by the target's own copies (the active one, the newest one) and by the partial index of those that
wait, never by reading a target's history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.applications.models import Application
from apps.clusters.models import Cluster
from apps.dashboard.marks import Mark, health_mark, phase_mark
from apps.dashboard.pictures.progress import Progress, progress_of
from apps.environments.models import Environment, Target
from apps.rollouts.models import Rollout
from slipway.engine.phases import ACTIVE, QUEUED, Kind, Phase

_BAD = {str(Phase.FAILED), str(Phase.ERRORED)}
_SPEAKING = {*_BAD, str(Phase.SUCCEEDED)}
_ENDED = ("number", "kind", "phase", "ended_at", "target_id", "requested_by_label", "organization_id")
_RUNNING = ("phase_since", "reasons", "event_number")
_OF_TARGETS = (
    *("organization_id", "application_id", "environment_id", "cluster_id", "live_number", "live_version"),
    *("live_since", "live_by_label", "health", "needs_person_since", "last_rollout_number", "last_phase"),
    "troubled",
)


@dataclass(frozen=True, slots=True)
class Cell:
    id: str
    cluster: str  # "" where the environment has one cluster only
    mark: Mark
    version: str  # what is live; "" when nothing is yet
    going_to: str  # what is coming
    words: str
    since: datetime | None
    by: str
    rollout_number: int | None
    needs_person: bool
    number: int | None  # the live release's
    application_slug: str
    environment_id: UUID
    rollout_id: UUID | None = None  # of the rollout that holds the slot, whose events the page follows
    event_number: int = 0
    percent: int | None = None  # how far that one is
    behind: int = 0  # releases behind the environment before
    troubled: bool = False

    @property
    def is_moving(self) -> bool:
        return bool(self.going_to)


def targets() -> QuerySet[Target]:
    rows: QuerySet[Target] = Target.objects.filter(removed_at__isnull=True).select_related(
        "cluster", "environment", "application"
    )
    return rows


def targets_of_page(applications: Sequence[Application]) -> list[Target]:
    """The same for a page of applications that are at hand: a fifth of the columns, and no row fetched twice."""
    rows = list(
        Target.objects.filter(removed_at__isnull=True, application__in=applications).only(*_OF_TARGETS)
    )
    by_id = {application.id: application for application in applications}
    clusters = Cluster.objects.only("name", "organization_id").in_bulk({row.cluster_id for row in rows})
    for row in rows:
        row.application, row.cluster = by_id[row.application_id], clusters[row.cluster_id]
    return rows


def cells_by_rollouts(rollout_ids: Collection[UUID]) -> list[Cell]:
    """The cells that these rollouts concern, and their neighbours, whose distance may have changed."""
    concerned = Rollout.objects.filter(id__in=rollout_ids).values_list("application_id", flat=True)
    environments = list(Environment.objects.order_by("position"))
    found = cells_of(targets().filter(application_id__in=set(concerned)))
    return [
        cell for groups in by_application(environments, found).values() for group in groups for cell in group
    ]


def cells_of(wanted: Iterable[Target]) -> list[tuple[Target, Cell]]:
    """The targets come with their application. Distances are `by_application`'s to say."""
    rows = list(wanted)
    ids = [row.id for row in rows]
    # The newest one speaks only when it ended badly or was a way back; of the others the target says enough.
    numbers = {row.last_rollout_number or 0 for row in rows if row.last_phase in _SPEAKING}
    last = {
        row.target_id: row
        for row in _rollouts().filter(number__in=numbers).filter(Q(phase__in=_BAD) | Q(kind=Kind.ROLLBACK))
    }
    # Who holds the slot is what moves; what waits behind it is shown when nothing does.
    running: dict[UUID, Rollout] = {}
    for phases in (QUEUED, ACTIVE):
        running |= {
            row.target_id: row
            for row in _rollouts(*_RUNNING).filter(
                target_id__in=ids, phase__in=[str(phase) for phase in phases]
            )
        }
    progress = progress_of([row.id for row in running.values() if Phase(row.phase) in ACTIVE])
    return [(target, _cell(target, running.get(target.id), last.get(target.id), progress)) for target in rows]


def by_application(
    environments: Sequence[Environment], cells: Iterable[tuple[Target, Cell]]
) -> dict[UUID, tuple[tuple[Cell, ...], ...]]:
    """Per application its cells by environment, in promotion order, with their distances."""
    mine: dict[UUID, list[tuple[Target, Cell]]] = {}
    for target, cell in cells:
        mine.setdefault(target.application_id, []).append((target, cell))
    return {identifier: _with_distances(environments, own) for identifier, own in mine.items()}


def _rollouts(*more: str) -> QuerySet[Rollout]:
    """Without their large columns."""
    rows: QuerySet[Rollout] = Rollout.objects.select_related("release").order_by()
    return rows.only(*_ENDED, *more, "release__version")


def _with_distances(
    environments: Sequence[Environment], cells: Sequence[tuple[Target, Cell]]
) -> tuple[tuple[Cell, ...], ...]:
    found: list[tuple[Cell, ...]] = []
    before: int | None = None
    for place in environments:
        here = [(target, cell) for target, cell in cells if target.environment_id == place.id]
        here.sort(key=lambda pair: (pair[0].cluster.name, pair[0].id))
        several = len(here) > 1
        group = tuple(
            replace(
                cell,
                cluster=target.cluster.name if several else "",
                behind=max(0, before - cell.number) if before and cell.number else 0,
            )
            for target, cell in here
        )
        found.append(group)
        numbers = [cell.number for cell in group if cell.number]
        before = min(numbers) if numbers else before
    return tuple(found)


def _cell(
    target: Target, running: Rollout | None, last: Rollout | None, progress: Mapping[UUID, Progress]
) -> Cell:
    live = target.live_version or ""
    mark = health_mark(target.health) if live else Mark("unknown", "nothing yet")
    words, since, by = "", target.live_since, target.live_by_label or ""
    going_to, percent, holder = "", None, None
    number = target.last_rollout_number
    if running is not None:
        mark, going_to, number = (
            phase_mark(running.phase, running.kind),
            running.release.version,
            running.number,
        )
        since, by = running.phase_since, running.requested_by_label
        moved = progress.get(running.id)
        words, percent = (moved.words, moved.percent) if moved else ("", None)
        holder = running if moved else None
        words = words or _held(running) or mark.word
    elif last is not None and last.phase in _BAD:
        mark, words, since = phase_mark(last.phase), f"{last.release.version} {last.phase}", last.ended_at
        by = last.requested_by_label
    elif last is not None and last.kind == Kind.ROLLBACK and last.phase == Phase.SUCCEEDED:
        mark = phase_mark(last.phase, last.kind)
    elif mark.look in {"failed", "errored"}:
        words = mark.word
    return Cell(
        id=f"cell-{target.id}",
        cluster="",
        mark=mark,
        version=live,
        going_to=going_to,
        words=words,
        since=since,
        by=by,
        rollout_number=number,
        needs_person=target.needs_person_since is not None,
        number=target.live_number,
        application_slug=target.application.slug,
        environment_id=target.environment_id,
        rollout_id=holder.id if holder else None,
        event_number=holder.event_number if holder else 0,
        percent=percent,
        troubled=target.troubled,
    )


def _held(rollout: Rollout) -> str:
    """What holds it, in as few words as a cell has room for."""
    for reason in rollout.reasons:
        if reason["answer"] != "pass":
            return str(reason["sentence"]).rstrip(".")
    return ""
