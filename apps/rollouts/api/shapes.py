from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from apps.rollouts.models import Event, PlanRecord, Rollout
from slipway.engine.plans import Plan, Verb


class ReasonShape(TypedDict):
    """A gate's answer."""

    gate: str
    answer: str
    sentence: str
    unblocked_by: str
    not_by: list[str]
    asked_again_at: str | None
    since: str | None


_From = TypedDict("_From", {"from": str | None})  # a word that a class body cannot hold


class RolloutShape(_From):
    id: UUID
    number: int
    application: str
    environment: str
    cluster: str
    target: UUID
    release: str
    kind: str
    automatic: bool
    undoes: int | None
    phase: str
    since: datetime
    sentence: str
    reasons: list[ReasonShape]
    plan_digest: str | None
    way_back: str | None
    approvals_needed: int
    requested_by: str
    why: str
    event_number: int
    created_at: datetime
    slot_at: datetime | None
    first_write_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


class StepShape(TypedDict):
    title: str
    state: str
    objects: int | None


class RolloutDetailShape(RolloutShape):
    steps: list[StepShape]
    progress: dict[str, Any]


class EventShape(TypedDict):
    number: int
    at: datetime
    kind: str
    body: dict[str, Any]


class EventsShape(TypedDict):
    items: list[EventShape]
    next: int | None  # send it as `after`; null: you have all that is written
    head: int


class WaitShape(TypedDict):
    gate: str
    why: str
    unblocked_by: str


class ExplanationShape(TypedDict):
    sentence: str
    phase: str
    since: datetime
    waits_for: list[WaitShape]
    next_check_at: datetime | None
    deadline_at: datetime | None
    standing_still_since: datetime | None
    ended: datetime | None
    end_reason: str | None
    actions: dict[str, str]  # action → why not; "" when it may be done now


class PlannedObjectShape(TypedDict):
    key: str
    verb: str
    changes: list[dict[str, Any]]
    uid: str
    resource_version: str
    taken_over: list[list[str]]
    checked: bool
    refusal: str
    notes: list[str]


class PlanShape(TypedDict):
    digest: str
    number: int
    made_at: datetime
    sentence: str
    way_back: str | None
    steps: list[str]
    problems: list[str]
    notes: list[str]
    unchanged: int
    deleted: int
    objects: list[PlannedObjectShape]


def rollout_shape(rollout: Rollout) -> RolloutShape:
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


def event_shape(event: Event) -> EventShape:
    return {"number": event.number, "at": event.at, "kind": event.kind, "body": event.body}


def plan_shape(plan: Plan, record: PlanRecord) -> PlanShape:
    """Secret values are digests; nothing here is secret."""
    changed: list[Any] = [planned.to_json() for planned in plan.objects if planned.verb is not Verb.UNCHANGED]
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
        "objects": changed,
    }
