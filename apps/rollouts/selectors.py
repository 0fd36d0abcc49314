"""Reads that several faces share: what a rollout waits for, what it changes, what happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.organizations.access import Actor, Right, decide
from apps.rollouts.models import Event, PlanRecord, Rollout
from apps.rollouts.registry import why_not_approve
from slipway.engine.phases import Phase
from slipway.engine.plans import Plan
from slipway.engine.steps import StepKind
from slipway.engine.transitions import Trigger, allows

MOST_EVENTS = 500


def plan_of(rollout: Rollout) -> tuple[Plan, PlanRecord] | None:
    """The plan in force."""
    record = (
        PlanRecord.objects.filter(rollout_id=rollout.id, digest=rollout.plan_digest)
        .order_by("-number")
        .first()
    )
    return (Plan.from_json(record.body["plan"]), record) if record is not None else None


def events_after(rollout_id: UUID, after: int, *, limit: int = MOST_EVENTS) -> list[Event]:
    """In number order, from the one after `after`."""
    rows = Event.objects.filter(rollout_id=rollout_id, number__gt=after).order_by("number")
    return list(rows[: min(limit, MOST_EVENTS)])


def explain(rollout: Rollout) -> dict[str, Any]:
    """One answer for UI, API and CLI: what it waits for, since when, what comes next and when, who can unblock it."""
    held = [reason for reason in rollout.reasons if reason["answer"] != "pass"]
    return {
        "sentence": rollout.sentence,
        "phase": rollout.phase,
        "since": rollout.phase_since,
        "waits_for": [
            {"gate": reason["gate"], "why": reason["sentence"], "unblocked_by": reason["unblocked_by"]}
            for reason in held
        ],
        "next_check_at": rollout.next_check_at,
        "deadline_at": rollout.deadline_at,
        "standing_still_since": rollout.standing_still_since,
        "ended": rollout.ended_at,
        "end_reason": rollout.end_reason,
    }


_ACTIONS: Mapping[str, tuple[Trigger, Right]] = {
    "abort": (Trigger.ABORT, Right.STEER),
    "stop": (Trigger.STOP_HERE, Right.STEER),
    "pause": (Trigger.PAUSE, Right.STEER),
    "resume": (Trigger.RESUME, Right.STEER),
}


def actions_for(actor: Actor, rollout: Rollout) -> dict[str, str]:
    """Action → why not, "" when it may be done now. For buttons that say why they are grey."""
    phase = Phase(rollout.phase)
    found = {}
    for name, (trigger, right) in _ACTIONS.items():
        allowed = decide(
            actor, right, environment_id=rollout.environment_id, application_id=rollout.application_id
        )
        if not allows(phase, trigger):
            found[name] = f"The rollout is {rollout.phase}."
        else:
            found[name] = "" if allowed.allowed else allowed.why
    approve = decide(
        actor, Right.APPROVE, environment_id=rollout.environment_id, application_id=rollout.application_id
    )
    if phase is not Phase.WAITING or not rollout.approvals_needed:
        found["approve"] = "Nothing waits for an approval."
    elif not approve.allowed and rollout.requested_by_id != actor.user_id:
        found["approve"] = approve.why
    else:
        found["approve"] = why_not_approve(actor, rollout)
    steer = decide(
        actor, Right.STEER, environment_id=rollout.environment_id, application_id=rollout.application_id
    )
    ended_badly = phase in {Phase.FAILED, Phase.ERRORED, Phase.ABORTED}
    found["retry"] = ("" if steer.allowed else steer.why) if ended_badly else "It did not end badly."
    found["roll_back"] = (
        ("" if steer.allowed else steer.why) if phase is Phase.SUCCEEDED else "It has not succeeded."
    )
    return found


def steps_of(rollout: Rollout, record: PlanRecord | None) -> list[dict[str, Any]]:
    """The rail: every step with its state; the bake is the last."""
    if record is None:
        return []
    phase = Phase(rollout.phase)
    rail = []
    for index, step in enumerate(record.body["steps"]):
        if phase in {Phase.SUCCEEDED, Phase.VERIFYING} or index < rollout.step:
            state = "done"
        elif index == rollout.step and phase in {Phase.PROGRESSING, Phase.PAUSED}:
            state = "now"
        elif index == rollout.step and phase.is_terminal:
            state = str(phase)
        else:
            state = "todo"
        count = len(step["keys"]) if step["kind"] != StepKind.CHECK else None
        rail.append({"title": step["title"], "state": state, "objects": count})
    bake = {Phase.SUCCEEDED: "done", Phase.VERIFYING: "now"}.get(phase, "todo")
    rail.append({"title": "Bake", "state": bake, "objects": None, "seconds": rollout.policy["bake_seconds"]})
    return rail


def moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def under_way_at(targets: Collection[UUID]) -> list[str]:
    """The rollouts that move or wait at these targets, by their applications."""
    rows = Rollout.objects.filter(target_id__in=targets, ended_at__isnull=True).select_related("application")
    return [f"rollout {row.number} of {row.application.name}" for row in rows]
