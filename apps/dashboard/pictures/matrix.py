"""What is where: applications down, environments across, one cell per target."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from apps.applications.models import Application
from apps.dashboard.marks import Mark, health_mark, phase_mark
from apps.dashboard.words import count
from apps.environments.choices import DeliveryMode
from apps.environments.models import Environment, Target
from apps.rollouts.models import Rollout
from slipway.engine.phases import ACTIVE, QUEUED, Phase

PAGE_SIZE = 25
_RUNNING = [str(phase) for phase in ACTIVE | QUEUED]
_BAD = {Phase.FAILED, Phase.ERRORED}


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
    behind: int = 0  # releases behind the environment before


@dataclass(frozen=True, slots=True)
class MatrixRow:
    application: Application
    cells: tuple[tuple[Cell, ...], ...]  # per environment, in order


@dataclass(frozen=True, slots=True)
class Column:
    environment: Environment
    policy: str


@dataclass(frozen=True, slots=True)
class Matrix:
    columns: tuple[Column, ...]
    rows: tuple[MatrixRow, ...]
    page: Page[Application]
    sought: str


def matrix_of(*, page: str = "1", sought: str = "") -> Matrix:
    """Inside the organization's scope. `sought` is a part of an application's name."""
    applications = Application.objects.order_by("name", "id")
    if sought:
        applications = applications.filter(name__icontains=sought)
    chosen = Paginator(applications, PAGE_SIZE).get_page(page)
    environments = list(Environment.objects.order_by("position"))
    cells = cells_of(_targets().filter(application__in=list(chosen)))
    rows = tuple(MatrixRow(application, _row(application, environments, cells)) for application in chosen)
    return Matrix(tuple(Column(place, _policy(place)) for place in environments), rows, chosen, sought)


def cells_by_rollouts(rollout_ids: Collection[UUID]) -> list[Cell]:
    """The cells that these rollouts concern, and their neighbours, whose distance may have changed."""
    applications = Rollout.objects.filter(id__in=rollout_ids).values_list("application_id", flat=True)
    environments = list(Environment.objects.order_by("position"))
    targets = cells_of(_targets().filter(application_id__in=set(applications)))
    found: list[Cell] = []
    for application_id in {target.application_id for target, _ in targets}:
        mine = [(target, cell) for target, cell in targets if target.application_id == application_id]
        for group in _with_distances(environments, mine):
            found.extend(group)
    return found


def cells_of(targets: Iterable[Target]) -> list[tuple[Target, Cell]]:
    rows = list(targets)
    running = {
        row.target_id: row
        for row in Rollout.objects.filter(target__in=rows, phase__in=_RUNNING)
        .select_related("release")
        .order_by("created_at")
    }
    last: dict[UUID, Rollout] = {
        row.target_id: row
        for row in Rollout.objects.filter(target__in=rows)
        .select_related("release")
        .order_by("target_id", "-created_at")
        .distinct("target_id")
    }
    return [(target, _cell(target, running.get(target.id), last.get(target.id))) for target in rows]


def _targets() -> QuerySet[Target]:
    rows: QuerySet[Target] = Target.objects.filter(removed_at__isnull=True).select_related(
        "cluster", "environment"
    )
    return rows


def _row(
    application: Application, environments: Sequence[Environment], cells: Sequence[tuple[Target, Cell]]
) -> tuple[tuple[Cell, ...], ...]:
    mine = [(target, cell) for target, cell in cells if target.application_id == application.id]
    return _with_distances(environments, mine)


def _with_distances(
    environments: Sequence[Environment], cells: Sequence[tuple[Target, Cell]]
) -> tuple[tuple[Cell, ...], ...]:
    found: list[tuple[Cell, ...]] = []
    before: int | None = None
    for place in environments:
        here = [(target, cell) for target, cell in cells if target.environment_id == place.id]
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


def _cell(target: Target, running: Rollout | None, last: Rollout | None) -> Cell:
    live = target.live_version or ""
    mark = health_mark(target.health) if live else Mark("unknown", "nothing yet")
    words, since, by = "", target.live_since, target.live_by_label or ""
    going_to = ""
    shown = last
    if running is not None:
        mark, going_to, shown = phase_mark(running.phase, running.kind), running.release.version, running
        words, since, by = mark.word, running.phase_since, running.requested_by_label
    elif last is not None and last.phase in _BAD:
        mark, words, since = phase_mark(last.phase), f"{last.release.version} {last.phase}", last.ended_at
    elif last is not None and last.kind == "rollback" and last.phase == Phase.SUCCEEDED:
        mark = phase_mark(last.phase, last.kind)
    return Cell(
        id=f"cell-{target.id}",
        cluster="",
        mark=mark,
        version=live,
        going_to=going_to,
        words=words,
        since=since,
        by=by,
        rollout_number=shown.number if shown else None,
        needs_person=target.needs_person_since is not None,
        number=target.live_number,
    )


def _policy(environment: Environment) -> str:
    if environment.approvals_needed:
        return count(environment.approvals_needed, "approval")
    return "auto" if environment.delivery_mode == DeliveryMode.AUTO else "manual"
