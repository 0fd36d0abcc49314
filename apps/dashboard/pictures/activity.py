from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.audit.models import Activity
from apps.dashboard.marks import Mark, phase_mark

RECENT = 15


@dataclass(frozen=True, slots=True)
class ActivityLine:
    number: int
    at: datetime
    mark: Mark | None
    label: str
    words: str
    rollout_number: int | None


def recent_activity() -> tuple[ActivityLine, ...]:
    return tuple(_line(row) for row in Activity.objects.order_by("-number")[:RECENT])


def _line(row: Activity) -> ActivityLine:
    label = str(row.body.get("label", ""))
    if not row.phase or not row.kind.startswith("rollout."):
        verb = row.kind.rpartition(".")[2]
        noun = row.kind.partition(".")[0]
        return ActivityLine(row.number, row.at, None, label, f"{noun} {verb} by {row.actor_label}", None)
    mark = phase_mark(row.phase, str(row.body.get("kind", "")))
    sentence = str(row.body.get("sentence", ""))
    return ActivityLine(row.number, row.at, mark, label, sentence, row.body.get("number"))
