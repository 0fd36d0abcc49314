"""The step rail: plan, approvals, the strategy's steps, bake, live; how long each took and what is next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.dashboard.marks import Mark, phase_mark
from apps.dashboard.words import count, duration
from apps.rollouts.models import Event, PlanRecord, Rollout
from apps.rollouts.selectors import steps_of
from slipway.engine.phases import QUEUED, Phase

_STATES = {
    "done": Mark("healthy", "done"),
    "now": Mark("progressing", "now"),
    "todo": Mark("todo", "to come"),
}
_TELLING = ("requested", "planned", "phase", "step-done")


@dataclass(frozen=True, slots=True)
class Stop:
    title: str
    state: str  # done, now, todo, or the phase in which the rollout ended here
    mark: Mark
    words: str = ""
    since: datetime | None = None


def rail_of(rollout: Rollout, record: PlanRecord | None, approved: int) -> tuple[Stop, ...]:
    phase = Phase(rollout.phase)
    story = list(
        Event.objects.filter(rollout_id=rollout.id, number__lte=rollout.event_number, kind__in=_TELLING)
        .order_by("number")
        .values_list("kind", "at", "body")
    )
    stops = [_plan_stop(rollout, phase, record)]
    if rollout.approvals_needed:
        stops.append(_approval_stop(rollout, phase, record, approved))
    done_at = [at for kind, at, _ in story if kind == "step-done"]
    begun = rollout.slot_at
    for index, step in enumerate(steps_of(rollout, record)):
        ends = done_at[index] if index < len(done_at) else None
        words = count(step["objects"], "object") if step["objects"] else ""
        if "seconds" in step:
            if not step["seconds"]:
                continue  # nothing is baked here
            words = f"{step['seconds']} s"
            ends = rollout.ended_at if phase is Phase.SUCCEEDED else None
        took = duration(ends - begun) if ends and begun and step["state"] == "done" else ""
        stops.append(
            _stop(
                rollout,
                step["title"],
                step["state"],
                " · ".join(part for part in (words, took) if part),
                since=begun if step["state"] == "now" else None,
            )
        )
        begun = ends or begun
    live = "done" if phase is Phase.SUCCEEDED else "todo"
    stops.append(_stop(rollout, "Live", live, ""))
    return tuple(stops)


def next_stop(rail: Sequence[Stop]) -> str:
    """ "Next: bake, 60 s." when something moves; "" when nothing comes after."""
    for index, stop in enumerate(rail):
        if stop.state == "now" and index + 1 < len(rail):
            following = rail[index + 1]
            title = following.title[:1].lower() + following.title[1:]
            return f"Next: {title}{f', {following.words}' if following.words else ''}."
    return ""


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


def _stop(rollout: Rollout, title: str, state: str, words: str, *, since: datetime | None = None) -> Stop:
    mark = phase_mark(rollout.phase, rollout.kind)
    if state != "now":
        mark = _STATES.get(state) or phase_mark(state)
    known = state if state in _STATES else "ended"
    return Stop(title, known, mark, words, since)
