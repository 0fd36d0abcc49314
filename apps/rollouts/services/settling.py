"""The one short transaction of a pass: lock, check the fence, read the gates' facts, decide, write."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from apps.audit.services import SYSTEM, By
from apps.core import outbox, scopes
from apps.rollouts import registry
from apps.rollouts.conversions import REPLAN_APART, gate_to_json, plan_is_due, state_of, write_state
from apps.rollouts.models import PlanRecord, Rollout
from apps.rollouts.services import applying, cleaning, leases, planning, waking
from apps.rollouts.services.leases import Lease
from apps.rollouts.services.looking import Seen
from apps.rollouts.services.observing import note_health, progress_of
from apps.rollouts.services.recording import commit_rollout
from apps.rollouts.services.starting import begin_way_back
from slipway.engine.decide import decide
from slipway.engine.gates import GateAnswer, deletions, needs_person, slot
from slipway.engine.phases import QUEUED, Kind, Phase
from slipway.engine.plans import Plan
from slipway.engine.state import Decision, Facts, Observation, RolloutState

ROLLOUT_SUCCEEDED = "pipelines.rollout_succeeded"


def settle(lease: Lease, seen: Seen) -> tuple[Decision, Rollout, PlanRecord | None]:
    """The one short transaction: lock, check the fence, read the gates' facts, decide, write."""
    with scopes.organization(lease.organization_id):
        rollout = leases.lock_both(lease)
        now = timezone.now()
        record = in_force = plan_in_force(rollout)
        before = rollout.phase
        if seen.planned is not None and not seen.planned.stands_on(rollout.target):
            seen = Seen(
                Observation()
            )  # another rollout succeeded here meanwhile: its way back would be a wrong one
        if rollout.kind == Kind.ROLLBACK and rollout.undoes_id is None and Phase(before) in QUEUED:
            needed = 0 if _skips_gates(rollout) else rollout.environment.approvals_needed
            if rollout.policy.get("emergency"):  # it took the lane with fewer
                needed = min(needed, rollout.approvals_needed)
            rollout.approvals_needed = needed
        facts = _facts(rollout, record, now)
        decision = decide(_state(rollout, record, seen, now), seen.observation, facts, now)
        if seen.planned is not None and decision.state.plan_digest != rollout.plan_digest:
            in_force = _store_plan(rollout, seen.planned, now)
            facts = _facts(rollout, in_force, now, digest=decision.state.plan_digest)
            # Gates that bind to the plan were asked about the old one: ask again about the one now in force.
            decision = decide(_state(rollout, record, seen, now), seen.observation, facts, now)
        if seen.planned is not None and decision.state.step > 0 and rollout.step == 0 and not decision.ends:
            applying.store_journal(rollout, seen.planned)
        _write(rollout, decision, seen, before=before, now=now)
    return decision, rollout, in_force


def _state(rollout: Rollout, record: PlanRecord | None, seen: Seen, now: datetime) -> RolloutState:
    state = state_of(rollout, record)
    unconfirmed = (
        seen.planned is not None
        and rollout.undoes_id is None
        and seen.planned.plan.deleted > rollout.policy["delete_limit"]
        and seen.planned.plan.deleted != rollout.confirmed_deletions
    )
    return replace(
        state,
        plan_wanted=plan_is_due(rollout, now),
        # A changed plan that deletes more than a person has typed goes back to the gates too.
        approval_binds=state.approval_binds or unconfirmed,
    )


def _write(rollout: Rollout, decision: Decision, seen: Seen, *, before: str, now: datetime) -> None:
    by = _by(rollout, decision)
    still_wanted = rollout.plan_wanted
    write_state(rollout, decision.state, now)
    if seen.planned is not None and decision.state.plan_digest == seen.planned.plan.digest:
        rollout.planned_at = now
    rollout.plan_wanted = still_wanted
    if decision.sentence:
        rollout.sentence = decision.sentence[:1000]
    rollout.reasons = [gate_to_json(gate) for gate in decision.reasons]
    rollout.next_check_at = _next_check(rollout, decision)
    events = list(decision.events)
    if seen.assessment is not None:
        progress, moved = progress_of(rollout, seen.assessment)
        rollout.progress = progress
        events = [*moved, *events]
    if decision.ends:
        rollout.end_reason = decision.end_reason[:1000]
        rollout.next_check_at = None
        rollout.counts_as_failure = decision.state.phase in {Phase.FAILED, Phase.ERRORED}
    commit_rollout(rollout, by=by, at=now, before=before, events=events, needs_person=decision.needs_person)
    if seen.assessment is not None:
        note_health(rollout, seen.assessment, now)
    if decision.begins_way_back:
        begin_way_back(rollout, by=by, at=now)
    if decision.state.phase is Phase.SUCCEEDED:
        outbox.send(ROLLOUT_SUCCEEDED, release=rollout.release_id, environment=rollout.environment_id)
        if rollout.undoes_id is not None:
            outbox.send(cleaning.CLEAN_UP, not_before=now + leases.LEASE, rollout=rollout.id)
    if decision.ends:
        _wake_next(rollout)


def _next_check(rollout: Rollout, decision: Decision) -> datetime | None:
    """A plan that is wanted is made as soon as the last one is old enough."""
    due = decision.check_again_at
    if rollout.plan_wanted and rollout.planned_at is not None and Phase(decision.state.phase) in QUEUED:
        wanted = rollout.planned_at + REPLAN_APART
        return min(due, wanted) if due is not None else wanted
    return due


def _facts(rollout: Rollout, record: PlanRecord | None, now: datetime, *, digest: str = "") -> Facts:
    if Phase(rollout.phase) not in QUEUED:
        newer = _queued_on(rollout) if rollout.step == 0 else None
        return Facts(newer=newer.release.version if newer is not None else "")
    if digest:
        rollout = _as_if(rollout, digest)
    gates: list[GateAnswer] = []
    if not _skips_gates(rollout):
        for source in registry.gate_sources():
            gates += source(rollout, now)
    target = rollout.target
    gates.append(needs_person(sentence=target.needs_person_sentence, automatic=rollout.automatic))
    if record is not None:
        gates.append(
            deletions(
                deleted=Plan.from_json(record.body["plan"]).deleted,
                limit=rollout.policy["delete_limit"],
                confirmed=rollout.confirmed_deletions,
            )
        )
    holder = (
        Rollout.objects.filter(id=target.active_rollout_id).select_related("release").first()
        if target.active_rollout_id and target.active_rollout_id != rollout.id
        else None
    )
    gates.append(slot(taken_by=f"rollout #{holder.number} of {holder.release.version}" if holder else ""))
    return Facts(tuple(gates), about=rollout.plan_digest)


def _skips_gates(rollout: Rollout) -> bool:
    """Only a rollback to what stands there now: while it waited for the slot, that may have become another release."""
    if rollout.kind != Kind.ROLLBACK:
        return False
    return rollout.undoes_id is not None or rollout.target.live_release_id == rollout.release_id


def _queued_on(rollout: Rollout) -> Rollout | None:
    found: Rollout | None = (
        Rollout.objects.filter(target_id=rollout.target_id, phase__in=[str(phase) for phase in QUEUED])
        .exclude(id=rollout.id)
        .select_related("release")
        .first()
    )
    return found


def _as_if(rollout: Rollout, digest: str) -> Rollout:
    other = copy.copy(rollout)
    other.plan_digest = digest
    return other


def _store_plan(rollout: Rollout, planned: planning.Planned, now: datetime) -> PlanRecord:
    """With it the way back that it states: another release may have come to stand there since the start."""
    source = planned.source
    rollout.plan_number += 1
    rollout.from_release, rollout.from_number = source.live, source.live_number
    rollout.way_back_release = source.way_back
    rollout.policy["way_back_label"] = source.way_back.version if source.way_back else ""
    made: PlanRecord = PlanRecord.objects.create(
        organization_id=rollout.organization_id,
        rollout=rollout,
        number=rollout.plan_number,
        digest=planned.plan.digest,
        body=planned.to_json(),
        made_at=now,
    )
    return made


def plan_in_force(rollout: Rollout) -> PlanRecord | None:
    if not rollout.plan_digest:
        return None
    found: PlanRecord | None = (
        PlanRecord.objects.filter(rollout_id=rollout.id, digest=rollout.plan_digest)
        .order_by("-number")
        .first()
    )
    return found


def _by(rollout: Rollout, decision: Decision) -> By:
    if decision.state.phase is Phase.ABORTED and rollout.abort_requested_by_id:
        return By("person", rollout.abort_requested_by_label, rollout.abort_requested_by_id)
    return SYSTEM


def _wake_next(rollout: Rollout) -> None:
    """The slot may be free now: the one that waits for it is looked at."""
    following = _queued_on(rollout)
    if following is not None:
        waking.wake(following)
