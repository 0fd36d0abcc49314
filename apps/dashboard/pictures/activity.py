"""The organization's feed in sentences that a person would say, and its noise folded away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.models import Activity
from apps.dashboard.marks import Mark, phase_mark
from apps.dashboard.pictures.activity_words import said

RECENT = 15
_READ = 60  # so many are read for so few lines: the steps of one rollout are one line


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """`who label version words`: "ana approved" "boutique" "v0.10.6" "for production: “checked staging”"."""

    number: int
    at: datetime
    mark: Mark | None
    who: str  # "ana approved", or "" where the thing itself is the subject
    label: str  # what it is about
    version: str
    words: str
    rollout_number: int | None
    application_slug: str
    earlier: tuple[ActivityLine, ...] = ()  # what led to it, folded; newest first


def recent_activity() -> tuple[ActivityLine, ...]:
    """The first is always the feed's newest entry."""
    return tuple(folded(Activity.objects.order_by("-number")[:_READ])[:RECENT])


def folded(rows: Iterable[Activity]) -> list[ActivityLine]:
    """Newest first. A rollout's phases are one line, its newest; acts of people stay lines of their own."""
    lines: list[ActivityLine] = []
    place: dict[UUID, int] = {}
    for row in rows:
        line = line_of(row)
        if row.kind != "rollout.phase" or row.rollout_id is None:
            lines.append(line)
        elif row.rollout_id not in place:
            place[row.rollout_id] = len(lines)
            lines.append(line)
        else:
            at = place[row.rollout_id]
            lines[at] = _with(lines[at], line)
    return lines


def line_of(row: Activity) -> ActivityLine:
    body: dict[str, Any] = row.body
    label = str(body.get("label", ""))
    # A rollout's label is "application version → environment", a release's "application version"; others are names.
    labelled = row.kind.startswith(("rollout.", "release."))
    thing, _, rest = label.partition(" ") if labelled else (label, "", "")
    version, arrow, environment = rest.partition(" → ")
    told = said(row, version, environment)
    about_rollout = row.rollout_id is not None and bool(arrow)
    return ActivityLine(
        number=row.number,
        at=row.at,
        mark=phase_mark(row.phase, str(body.get("kind", "")))
        if row.kind == "rollout.phase" and row.phase
        else None,
        who=told.who,
        label=thing,
        version=version if told.names_version else "",
        words=told.words,
        rollout_number=body.get("number") if about_rollout else None,
        application_slug=thing if row.application_id else "",
    )


def _with(line: ActivityLine, earlier: ActivityLine) -> ActivityLine:
    return replace(line, earlier=(*line.earlier, earlier))
