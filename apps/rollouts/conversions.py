"""Rows ↔ the engine's values. The only place that knows both spellings."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from apps.rollouts.models import PlanRecord, Rollout
from slipway.engine.gates import Answer, GateAnswer
from slipway.engine.phases import Kind, Phase
from slipway.engine.state import RolloutState
from slipway.engine.steps import Step

REPLAN_APART = timedelta(seconds=10)  # a plan that waits is made anew at most this often
STALE_AFTER = timedelta(minutes=5)  # and at least this often, should every watch be lost


def plan_is_due(rollout: Rollout, now: datetime) -> bool:
    if not rollout.plan_digest or rollout.planned_at is None:
        return True
    return now >= rollout.planned_at + (REPLAN_APART if rollout.plan_wanted else STALE_AFTER)


def state_of(rollout: Rollout, plan: PlanRecord | None) -> RolloutState:
    steps = tuple(Step.from_json(step) for step in plan.body["steps"]) if plan else ()
    return RolloutState(
        phase=Phase(rollout.phase),
        kind=Kind(rollout.kind),
        steps=steps,
        step=rollout.step,
        plan_digest=rollout.plan_digest,
        plan_wanted=rollout.plan_wanted,
        approval_binds=rollout.approvals_needed > 0,
        phase_since=rollout.phase_since,
        step_since=rollout.step_since,
        slot_at=rollout.slot_at,
        first_write_at=rollout.first_write_at,
        deadline_at=rollout.deadline_at,
        bake_until=rollout.bake_until,
        standing_still_since=rollout.standing_still_since,
        unreachable_since=rollout.unreachable_since,
        progress_deadline_seconds=rollout.policy["progress_deadline_seconds"],
        bake_seconds=rollout.policy["bake_seconds"],
        way_back=rollout.policy.get("way_back_label", ""),
        abort_requested_by=rollout.abort_requested_by_label if rollout.abort_requested_at else "",
        stop_requested=rollout.stop_requested_at is not None,
        pause_requested=rollout.pause_requested_at is not None,
        # A paused rollout's sentence is set once, when it is paused: it keeps saying why.
        paused_because=rollout.sentence if rollout.phase == Phase.PAUSED else "",
        superseded_by=rollout.superseded_by_label,
    )


def write_state(rollout: Rollout, state: RolloutState, now: datetime) -> None:
    """Copies what the engine decided onto the (locked) row; saving is the caller's."""
    rollout.phase = str(state.phase)
    rollout.phase_since = state.phase_since or now
    rollout.step = state.step
    rollout.step_since = state.step_since
    rollout.plan_digest = state.plan_digest
    rollout.plan_wanted = state.plan_wanted
    rollout.slot_at = state.slot_at
    rollout.deadline_at = state.deadline_at
    rollout.bake_until = state.bake_until
    rollout.standing_still_since = state.standing_still_since
    rollout.unreachable_since = state.unreachable_since
    if state.pause_requested and rollout.pause_requested_at is None:
        rollout.pause_requested_at = now
    if state.phase.is_terminal:
        rollout.ended_at = now


def gate_to_json(gate: GateAnswer) -> dict[str, Any]:
    body = asdict(gate)
    body["answer"] = gate.answer.word
    body["not_by"] = list(gate.not_by)
    for name in ("asked_again_at", "since"):
        body[name] = body[name].isoformat() if body[name] else None
    return body


def gate_from_json(body: dict[str, Any]) -> GateAnswer:
    moments = {
        name: datetime.fromisoformat(body[name]) if body.get(name) else None
        for name in ("asked_again_at", "since")
    }
    return GateAnswer(
        body["gate"],
        Answer[body["answer"].upper()],
        body["sentence"],
        body.get("unblocked_by", ""),
        not_by=tuple(body.get("not_by", ())),
        **moments,
    )
