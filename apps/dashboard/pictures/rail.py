"""The step rail: plan, approvals, the strategy's steps, bake, live; how long each took, usually takes, and what is
next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from apps.dashboard.marks import Mark, phase_mark
from apps.dashboard.pictures.expectations import usual_durations
from apps.dashboard.pictures.objects import Objects, share_of
from apps.dashboard.words import count, duration
from apps.rollouts.models import Event, PlanRecord, Rollout
from apps.rollouts.selectors import steps_of
from slipway.engine.phases import QUEUED, Phase

_STATES = {
    "done": Mark("healthy", "done"),
    "now": Mark("progressing", "now"),
    "todo": Mark("todo", "to come"),
}


@dataclass(frozen=True, slots=True)
class Stop:
    title: str
    state: str  # done, now, todo, or the phase in which the rollout ended here
    mark: Mark
    words: str = ""
    since: datetime | None = None
    usual: timedelta | None = None  # what it usually takes here
    until: datetime | None = None  # known exactly: the end of the bake
    share: float = 0  # of the one that runs, how much is there
    weighs: bool = False  # in the bar: it writes, or it bakes

    @property
    def usually(self) -> str:
        return f"about {duration(self.usual)}" if self.usual else ""


@dataclass(frozen=True, slots=True)
class Rail:
    stops: tuple[Stop, ...]
    following: str = ""  # "Next: bake, 60 s"
    following_at: datetime | None = None
    exact: bool = False  # that moment is known; otherwise it is what is usual here
    percent: int | None = None


def rail_of(rollout: Rollout, record: PlanRecord | None, approved: int, objects: Objects) -> Rail:
    phase = Phase(rollout.phase)
    stops = [_plan_stop(rollout, phase, record)]
    if rollout.approvals_needed:
        stops.append(_approval_stop(rollout, phase, record, approved))
    stops += _step_stops(rollout, record, objects)
    stops.append(_stop(rollout, "Live", "done" if phase is Phase.SUCCEEDED else "todo", ""))
    if not phase.is_active:
        return Rail(tuple(stops))
    return replace(_what_follows(stops), percent=_percent(stops))


def _step_stops(rollout: Rollout, record: PlanRecord | None, objects: Objects) -> list[Stop]:
    steps = steps_of(rollout, record)
    if record is None or not steps:
        return []
    done_at = list(
        Event.objects.filter(rollout_id=rollout.id, number__lte=rollout.event_number, kind="step-done")
        .order_by("number")
        .values_list("at", flat=True)
    )
    usual = usual_durations(rollout)
    lines = {line.key: line for line in objects.everything}
    begun = rollout.slot_at
    stops = []
    for index, step in enumerate(steps):
        baking = "seconds" in step
        ends = done_at[index] if index < len(done_at) else None
        if baking:
            if not step["seconds"]:
                continue  # nothing is baked here
            ends = rollout.ended_at if rollout.phase == Phase.SUCCEEDED else None
        keys = [] if baking else record.body["steps"][index]["keys"]
        there = sum(1 for key in keys if key in lines and lines[key].rank == 3)
        took = duration(ends - begun) if ends and begun and step["state"] == "done" else ""
        stops.append(
            _stop(
                rollout,
                step["title"],
                step["state"],
                " · ".join(part for part in (_step_words(step, there), took) if part),
                since=begun if step["state"] == "now" else None,
                usual=timedelta(seconds=step["seconds"]) if baking else usual.get(step["title"]),
                until=rollout.bake_until if baking and step["state"] == "now" else None,
                share=sum(share_of(lines[key]) for key in keys if key in lines) / len(keys) if keys else 0,
                weighs=bool(keys) or baking,
            )
        )
        begun = ends or begun
    return stops


def _step_words(step: Mapping[str, Any], there: int) -> str:
    if "seconds" in step:
        return f"{step['seconds']} s"
    if not step["objects"]:
        return ""
    if step["state"] == "now":
        return f"{there} of {step['objects']}"
    return count(step["objects"], "object")


def _what_follows(stops: Sequence[Stop]) -> Rail:
    for index, stop in enumerate(stops):
        if stop.state == "now" and index + 1 < len(stops):
            after = stops[index + 1]
            title = after.title[:1].lower() + after.title[1:]
            at = stop.until or (stop.since + stop.usual if stop.since and stop.usual else None)
            words = f"Next: {title}{f', {after.words}' if after.words else ''}"
            return Rail(tuple(stops), words, at, exact=stop.until is not None)
    return Rail(tuple(stops))


def _percent(stops: Sequence[Stop]) -> int:
    """By what each step usually takes where that is known of all of them, else by their number; in the one that runs
    by what is there. Plans, checks and approvals are not counted: a bar at half when nothing is healthy is a lie."""
    weighed = [stop for stop in stops if stop.weighs]
    known = all(stop.usual is not None for stop in weighed)
    total = done = 0.0
    for stop in weighed:
        weight = max(1.0, stop.usual.total_seconds()) if known and stop.usual else 1.0
        total += weight
        done += weight * (1 if stop.state == "done" else stop.share if stop.state == "now" else 0)
    return min(99, round(100 * done / total)) if total else 0


def _plan_stop(rollout: Rollout, phase: Phase, record: PlanRecord | None) -> Stop:
    if record is None:
        state = "now" if phase in QUEUED else str(phase)
        return _stop(rollout, "Plan", state, "", since=rollout.created_at if state == "now" else None)
    took = duration(record.made_at - rollout.created_at) if rollout.plan_number <= 1 else ""
    return _stop(rollout, "Plan", "done", took)


def _approval_stop(rollout: Rollout, phase: Phase, record: PlanRecord | None, approved: int) -> Stop:
    words = f"{approved} of {rollout.approvals_needed}"
    if rollout.slot_at is not None:
        planned = record.made_at if record else rollout.created_at
        return _stop(rollout, "Approved", "done", f"{words} · {duration(rollout.slot_at - planned)}")
    if phase is Phase.WAITING:
        return _stop(rollout, "Approval", "now", words, since=rollout.phase_since)
    state = str(phase) if phase.is_terminal else "todo"
    return _stop(rollout, "Approval", state, words)


def _stop(rollout: Rollout, title: str, state: str, words: str, **more: Any) -> Stop:
    mark = phase_mark(rollout.phase, rollout.kind)
    if state != "now":
        mark = _STATES.get(state) or phase_mark(state)
    known = state if state in _STATES else "ended"
    return Stop(title, known, mark, words, **more)
