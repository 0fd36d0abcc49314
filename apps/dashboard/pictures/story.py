"""What happened, in lines: our own story and what the cluster warned of, newest first, nothing told twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from apps.dashboard import words
from apps.dashboard.words import count
from apps.rollouts.models import Event, Rollout
from slipway.engine.health.warnings import likeness

RECENT = 30
A_PAGE = 100
MOST_WARNINGS = 8

# Most of what is observed is one pod more that is ready: seen above, and no line of the story.
# Where nobody wrote what turned, it may be one.
_TELLING = (
    ~Q(kind="observed") | Q(body__turned__isnull=True) | ~Q(body__turned={}) | Q(body__has_key="warnings")
)


@dataclass(frozen=True, slots=True)
class StoryLine:
    id: str
    number: int
    at: datetime
    words: str
    look: str
    by_cluster: bool = False


@dataclass(frozen=True, slots=True)
class WarningLine:
    """What the cluster says again and again, about however many pods, once."""

    id: str
    reason: str
    message: str
    who: str
    times: str
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Story:
    lines: tuple[StoryLine, ...]
    older: int  # the number before which there is more; 0: this is where it begins
    warnings: tuple[WarningLine, ...]
    more_warnings: int


def story_of(rollout: Rollout, *, before: int | None = None, most: int = RECENT) -> Story:
    """One query. `before` an event's number; a rollout as it was has no later ones."""
    rows = Event.objects.filter(_TELLING, rollout_id=rollout.id, number__lte=rollout.event_number)
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows.order_by("-number")[: most + 1])
    shown = found[:most]
    warnings = warning_lines((rollout.progress or {}).get("warnings", {}).values())
    return Story(
        lines=tuple(line for row in shown for line in lines_of(row.number, row.at, row.kind, row.body)),
        older=shown[-1].number if len(found) > most else 0,
        warnings=warnings[:MOST_WARNINGS],
        more_warnings=max(0, len(warnings) - MOST_WARNINGS),
    )


def lines_of(number: int, at: datetime, kind: str, body: Mapping[str, Any]) -> list[StoryLine]:
    """Of one event, newest first."""
    lines = []
    told = [warning for warning in body.get("warnings", {}).values() if warning["tells"]]
    for index, warning in enumerate(told):
        text = f"{warning['kind']} {warning['name']}: {warning['reason']}: {warning['message']}"
        lines.append(StoryLine(f"event-{number}-{index}", number, at, text, "errored", by_cluster=True))
    if text := words.event_words(kind, body):
        lines.append(StoryLine(f"event-{number}", number, at, text, words.event_look(kind, body)))
    return lines


def warning_lines(kept: Iterable[Mapping[str, Any]]) -> tuple[WarningLine, ...]:
    """Grouped by what is said, the newest first."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for warning in kept:
        groups.setdefault(likeness(warning["reason"], warning["message"], warning["name"]), []).append(
            warning
        )
    ordered = sorted(
        groups.items(), key=lambda pair: (max(one["last"] for one in pair[1]), pair[0]), reverse=True
    )
    return tuple(_warning_line(like, members) for like, members in ordered)


def _warning_line(like: str, members: list[Mapping[str, Any]]) -> WarningLine:
    newest = max(members, key=lambda one: one["last"])
    names = sorted({one["name"] for one in members})
    total = sum(one["count"] for one in members)
    # Counts are noted when they double, so that a ticking one is no news.
    times = "" if total == 1 else f"{total} times" if total == len(members) else f"{total} times or more"
    return WarningLine(
        id="warning-" + "".join(letter if letter.isalnum() else "-" for letter in like[:80]).lower(),
        reason=newest["reason"],
        message=newest["message"],
        who=f"{newest['kind']} {names[0]}" if len(names) == 1 else count(len(names), newest["kind"].lower()),
        times=times,
        first=moment(min(one["first"] for one in members)),
        last=moment(newest["last"]),
    )


def moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
