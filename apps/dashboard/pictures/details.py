"""What a cell says to whoever points at it: who, which commit, and what differs from the environment before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.problems import NotFound
from apps.dashboard.pictures.cells import Cell, by_application, cells_of, targets
from apps.dashboard.words import count
from apps.environments.models import Environment, Target
from apps.releases.models import Release, ReleaseCommit

_SUBJECTS = 3


@dataclass(frozen=True, slots=True)
class Detail:
    id: str
    place: str
    cell: Cell
    since: datetime | None
    by: str
    commit: str
    subject: str
    author: str
    difference: str  # "2 releases and 5 commits behind staging (v0.10.6)"
    missing: tuple[str, ...]  # subjects of the newest commits that are there and not here
    trouble: str


def detail_of(target_id: UUID) -> Detail:
    """Inside the organization's scope."""
    target = targets().filter(id=target_id).first()
    if target is None:
        raise NotFound("There is no such target.")
    environments = list(Environment.objects.order_by("position"))
    found = cells_of(targets().filter(application_id=target.application_id))
    groups = by_application(environments, found)[target.application_id]
    cells = [cell for group in groups for cell in group]
    cell = next(cell for cell in cells if cell.id == f"cell-{target.id}")
    head = _head(target)
    difference, missing = _difference(target, cell, environments, groups) if cell.behind else ("", ())
    return Detail(
        id=f"detail-{target.id}",
        place=f"{target.application.name} in {target.environment.name} on {target.cluster.name}",
        cell=cell,
        since=target.live_since,
        by=target.live_by_label or "",
        commit=bytes(head.sha).hex() if head else "",
        subject=head.subject if head else "",
        author=head.author_name if head else "",
        difference=difference,
        missing=missing,
        trouble=target.needs_person_sentence,
    )


def _head(target: Target) -> ReleaseCommit | None:
    """The newest commit of what is live."""
    rows = ReleaseCommit.objects.filter(release_id=target.live_release_id).order_by("position")
    found: ReleaseCommit | None = rows.first() if target.live_release_id else None
    return found


def _difference(
    target: Target, cell: Cell, environments: list[Environment], groups: tuple[tuple[Cell, ...], ...]
) -> tuple[str, tuple[str, ...]]:
    here = next(index for index, place in enumerate(environments) if place.id == target.environment_id)
    ahead = next(index for index in range(here - 1, -1, -1) if any(each.number for each in groups[index]))
    newest = min((each for each in groups[ahead] if each.number), key=lambda each: each.number or 0)
    between = Release.objects.filter(
        application_id=target.application_id, number__gt=cell.number, number__lte=newest.number
    )
    commits = ReleaseCommit.objects.filter(release_id__in=between.values("id"))
    number = commits.count()
    said = count(cell.behind, "release") + (f" and {count(number, 'commit')}" if number else "")
    newest_commits = commits.order_by("-line_position", "position").values_list("subject", flat=True)
    return f"{said} behind {environments[ahead].name} ({newest.version})", tuple(newest_commits[:_SUBJECTS])
