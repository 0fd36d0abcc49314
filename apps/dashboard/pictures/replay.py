"""A rollout played back: the page as it stood after its N-th event, and what the time slider needs to move there."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from apps.core import scopes
from apps.core.problems import NotFound
from apps.dashboard.marks import phase_mark
from apps.dashboard.pictures.rail import Stop
from apps.dashboard.pictures.rollouts import RolloutPicture, picture_of
from apps.dashboard.words import duration
from apps.rollouts.models import Event, Rollout
from apps.rollouts.past import Past, fold
from slipway.engine.phases import Phase

FRAME_SECONDS = 0.15  # of playing at 1×: what happens within it is one picture
SPEEDS = (1, 10)
_SET_ONCE = ("slot_at", "first_write_at", "ended_at", "abort_requested_at", "stop_requested_at")
_FORESEEN = ("deadline_at", "bake_until", "next_check_at", "standing_still_since")

# Of every object that an event shows: how it was. The whole story of a rollout of ten workloads is some hundred rows.
_HEALTHS = """
SELECT e.number, e.at, seen.key, seen.value->>'health'
FROM event e, jsonb_each(e.body->'objects') AS seen
WHERE e.organization_id = %s AND e.rollout_id = %s AND e.kind = 'observed'
ORDER BY e.number
LIMIT 20000
"""


class Row(NamedTuple):
    """An event as the fold takes it; thousands of model instances would cost more than the fold."""

    number: int
    at: datetime
    kind: str
    body: Any


@dataclass(frozen=True, slots=True)
class SliderMark:
    number: int
    at: datetime
    look: str
    words: str
    place: float  # per mille of the slider's length


@dataclass(frozen=True, slots=True)
class Replay:
    number: int
    last: int
    at: datetime
    marks: tuple[SliderMark, ...]
    over: bool  # the rollout has ended: nothing more will come
    live: bool  # the page shows the present
    told: bool = True  # what it said at this moment is known
    words: str = ""  # of the event that is shown
    phase: str = ""
    next_number: int = 0  # while it plays; 0 at the end
    next_milliseconds: int = 0

    @property
    def previous(self) -> int:
        return max(1, self.number - 1)

    @property
    def following(self) -> int:
        return min(self.last, self.number + 1)


def past_of(rollout: Rollout, number: int) -> Past:
    """Raises NotFound for an event that there is not."""
    if not 1 <= number <= rollout.event_number:
        raise NotFound(f"Rollout {rollout.number} has {rollout.event_number} events; there is no {number}.")
    rows = Event.objects.filter(rollout_id=rollout.id, number__lte=number).order_by("number")
    past = fold(Row(*row) for row in rows.values_list("number", "at", "kind", "body"))
    if past.number != number:
        raise NotFound("This part of the rollout's story is no longer kept.")
    return past


def as_it_was(rollout: Rollout, past: Past) -> Rollout:
    """A copy, never saved. What happens once in a rollout's life keeps its moment; what was expected is not known."""
    was = copy.copy(rollout)
    was.as_of, was.event_number = past.at, past.number
    was.phase = past.phase
    was.phase_since = past.phase_since or rollout.created_at
    was.sentence = past.sentence
    was.reasons = [dict(reason) for reason in past.reasons]
    was.step = past.step
    was.plan_digest, was.plan_number = past.plan_digest, past.plans
    if past.approvals_needed is not None:
        was.approvals_needed = past.approvals_needed
    was.progress = {"objects": dict(past.objects), "pods": dict(past.pods), "warnings": dict(past.warnings)}
    was.unreachable_since = past.unreachable_since
    was.pause_requested_at = past.at if past.paused else None
    for name in _SET_ONCE:
        moment = getattr(rollout, name)
        setattr(
            was, name, moment if moment is not None and past.at is not None and moment <= past.at else None
        )
    for name in _FORESEEN:
        setattr(was, name, None)
    if was.ended_at is None:
        was.end_reason = None
    return was


def picture_at(rollout: Rollout, slug: str, past: Past) -> RolloutPicture:
    """The page's own picture, of the rollout as it was."""
    picture = picture_of(as_it_was(rollout, past), slug)
    way_back = picture.way_back
    if way_back is not None and past.at is not None and way_back.created_at > past.at:
        way_back = None
    return replace(
        picture,
        rail=tuple(_still(stop, past.at) for stop in picture.rail),
        following_at=None,  # what was expected then is not known any more
        way_back=way_back,
    )


def _still(stop: Stop, at: datetime | None) -> Stop:
    """A count that runs would run on to this day."""
    if stop.since is None or at is None:
        return stop
    parts = [part for part in (stop.words, duration(at - stop.since)) if part]
    return replace(stop, words=" · ".join(parts), since=None)


def replay_of(rollout: Rollout, past: Past | None = None, *, speed: int = 1) -> Replay:
    """The slider. `rollout` is as it is now; without `past` that is what the page shows."""
    last = rollout.event_number
    shown = past.number if past else last
    at = (past.at if past else rollout.ended_at) or rollout.phase_since
    marks = _marks(rollout, last)
    following = _next_frame(rollout, shown, at, speed) if past else None
    return Replay(
        number=shown,
        last=last,
        at=at,
        marks=marks,
        over=Phase(rollout.phase).is_terminal,
        live=past is None,
        told=past is None or past.told,
        words=next((mark.words for mark in reversed(marks) if mark.number <= shown), ""),
        next_number=following[0] if following else 0,
        next_milliseconds=round((following[1] - at).total_seconds() * 1000) if following else 0,
    )


def _next_frame(rollout: Rollout, number: int, at: datetime, speed: int) -> tuple[int, datetime] | None:
    """The event to show next while it plays: the last one within a frame, or the next when nothing comes so soon."""
    until = at + timedelta(seconds=FRAME_SECONDS * speed)
    soon = Q(at__lte=until) | Q(number=number + 1)
    rows = Event.objects.filter(soon, rollout_id=rollout.id, number__gt=number).order_by("-number")
    found: tuple[int, datetime] | None = rows.values_list("number", "at").first()
    return found


def _marks(rollout: Rollout, last: int) -> tuple[SliderMark, ...]:
    """Where the phase changed and where trouble began."""
    changes: list[tuple[int, datetime, str, str]] = []
    for number, at, kind, body in (
        Event.objects.filter(rollout_id=rollout.id, kind__in=["requested", "phase", "cluster-silent"])
        .order_by("number")
        .values_list("number", "at", "kind", "body")
    ):
        if kind == "phase":
            mark = phase_mark(body.get("phase", ""), rollout.kind)
            changes.append((number, at, mark.look, mark.word))
        elif kind == "requested":
            changes.append((number, at, "todo", "asked for"))
        else:
            changes.append((number, at, "errored", "the cluster fell silent"))
    with connection.cursor() as cursor:
        cursor.execute(_HEALTHS, [scopes.organization_id(), rollout.id])
        changes += [(number, at, "failed", "trouble began") for number, at in troubles(cursor.fetchall())]
    spread = max(1, last - 1)
    return tuple(
        SliderMark(number, at, look, words, round(1000 * (number - 1) / spread, 1))
        for number, at, look, words in sorted(changes)
    )


def troubles(rows: Iterable[tuple[int, datetime, str, str]]) -> list[tuple[int, datetime]]:
    """Where the first object went bad while all others were well: a second one that joins it is the same trouble."""
    bad: set[str] = set()
    began: list[tuple[int, datetime]] = []
    for number, at, key, health in rows:
        if health == "degraded":
            if not bad:
                began.append((number, at))
            bad.add(key)
        else:
            bad.discard(key)
    return began
