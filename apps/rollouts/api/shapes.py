from __future__ import annotations

from typing import Any

from apps.rollouts.models import Event, PlanRecord, Rollout
from slipway.engine.plans import Plan, Verb


def rollout_shape(rollout: Rollout) -> dict[str, Any]:
    return {
        "id": rollout.id,
        "number": rollout.number,
        "application": rollout.application.slug,
        "environment": rollout.environment.slug,
        "cluster": rollout.target.cluster.slug,
        "target": rollout.target_id,
        "release": rollout.release.version,
        "from": rollout.from_release.version if rollout.from_release else None,
        "kind": rollout.kind,
        "automatic": rollout.automatic,
        "undoes": rollout.undoes.number if rollout.undoes else None,
        "phase": rollout.phase,
        "since": rollout.phase_since,
        "sentence": rollout.sentence,
        "reasons": rollout.reasons,
        "plan_digest": rollout.plan_digest or None,
        "way_back": rollout.way_back_release.version if rollout.way_back_release else None,
        "approvals_needed": rollout.approvals_needed,
        "requested_by": rollout.requested_by_label,
        "why": rollout.why,
        "event_number": rollout.event_number,
        "created_at": rollout.created_at,
        "slot_at": rollout.slot_at,
        "first_write_at": rollout.first_write_at,
        "ended_at": rollout.ended_at,
        "end_reason": rollout.end_reason,
    }


def event_shape(event: Event) -> dict[str, Any]:
    return {"number": event.number, "at": event.at, "kind": event.kind, "body": event.body}


def plan_shape(plan: Plan, record: PlanRecord) -> dict[str, Any]:
    """Secret values are digests; nothing here is secret."""
    return {
        "digest": plan.digest,
        "number": record.number,
        "made_at": record.made_at,
        "sentence": plan.sentence,
        "way_back": plan.way_back_label or None,
        "steps": list(plan.step_titles),
        "problems": list(plan.problems),
        "notes": list(plan.notes),
        "unchanged": plan.counts[Verb.UNCHANGED],
        "deleted": plan.deleted,
        "objects": [planned.to_json() for planned in plan.objects if planned.verb is not Verb.UNCHANGED],
    }
