"""The loop: observe ▸ decide ▸ commit ▸ act, one bounded pass per task. Idempotent, fenced, woken by many."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.utils import timezone

from apps.audit.services import SYSTEM, By
from apps.clusters.services import connect
from apps.core import outbox, scopes
from apps.rollouts import registry
from apps.rollouts.conversions import REPLAN_APART, gate_to_json, plan_is_due, state_of, write_state
from apps.rollouts.models import PlanRecord, Rollout
from apps.rollouts.services import applying, cleaning, leases, planning, waking
from apps.rollouts.services.leases import FencedOut, Lease
from apps.rollouts.services.observing import note_health, progress_of
from apps.rollouts.services.recording import commit_rollout
from apps.rollouts.services.starting import begin_way_back
from apps.rollouts.services.writing import why_gone
from slipway.engine.decide import decide
from slipway.engine.gates import GateAnswer, deletions, needs_person, slot
from slipway.engine.health import Assessment, asks_for_events, assess
from slipway.engine.manifests import field_manager
from slipway.engine.objects import Manifest, ObjectKey, is_terminating
from slipway.engine.phases import QUEUED, Kind, Phase
from slipway.engine.plans import Plan
from slipway.engine.state import Command, Decision, Facts, Observation, RolloutState
from slipway.engine.steps import StepKind
from slipway.engine.transitions import Trigger
from slipway.ports.clusters import Cluster, ClusterError, Unauthorized

log = structlog.get_logger(__name__)

ROLLOUT_SUCCEEDED = "pipelines.rollout_succeeded"
_PASS = timedelta(seconds=20)  # what is left then is another pass's
_TIMER_REACH = timedelta(seconds=20)  # beyond it the sweeper is the timer
_BACK_OFF = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: what the engine is told, and what is stored if it decides to take it."""

    observation: Observation
    planned: planning.Planned | None = None
    assessment: Assessment | None = None


def advance(organization_id: UUID, rollout_id: UUID, *, timer: datetime | None = None) -> str:
    """One pass. Answers the phase it left the rollout in, "" when another worker has it."""
    lease = leases.acquire(organization_id, rollout_id, timer=timer)
    if lease is None:
        return ""
    structlog.contextvars.bind_contextvars(rollout=str(rollout_id))
    decision: Decision | None = None
    knocked = False
    try:
        decision = _rounds(lease)
    except FencedOut:
        log.info("fenced_out")
        return ""
    except Exception:
        # A mistake of ours or a database that is away: tried again by the sweeper, not in a circle.
        _back_off(lease)
        raise
    finally:
        structlog.contextvars.unbind_contextvars("rollout")
        knocked = leases.release(lease)
    if decision is None or decision.ends:
        return str(decision.state.phase) if decision is not None else ""
    if knocked or decision.command is not Command.NONE:
        waking.send(organization_id, rollout_id)
    elif decision.check_again_at is not None and decision.check_again_at - timezone.now() < _TIMER_REACH:
        waking.send(organization_id, rollout_id, timer=decision.check_again_at)
    return str(decision.state.phase)


def _rounds(lease: Lease) -> Decision | None:
    decision: Decision | None = None
    command = Command.NONE
    began = timezone.now()
    with scopes.organization(lease.organization_id):
        rollout = _load(lease)
        plan = _plan_in_force(rollout)
    while timezone.now() - began < _PASS:
        if not lease.has_time():
            lease = leases.renew(lease)
        seen = _look(lease, command, rollout, plan)
        decision, rollout, plan = _settle(lease, seen)
        command = decision.command
        if command is Command.NONE and Trigger.PLAN_CHANGED not in decision.triggers:
            break
    return decision


def _back_off(lease: Lease) -> None:
    try:
        with scopes.organization(lease.organization_id):
            leases.lock_under(lease)
            Rollout.objects.filter(id=lease.rollout_id).update(next_check_at=timezone.now() + _BACK_OFF)
    except Exception as error:  # noqa: BLE001  the first error is the one to be told about
        log.warning("no_back_off", error=type(error).__name__)


def _look(lease: Lease, command: Command, rollout: Rollout, plan: PlanRecord | None) -> Seen:
    """Acts as told and observes. No transaction is open while the cluster is asked.

    `rollout` is as the last transaction left it; what people asked for since is read before each write.
    """
    if command is Command.NONE:
        command = _due(rollout, plan)
    if command is Command.NONE:
        return Seen(Observation())
    try:
        cluster = connect(rollout.target.cluster)
        if command is Command.PLAN:
            return _look_at_plan(lease, rollout, cluster)
        if command is Command.APPLY and plan is not None:
            return _apply(lease, rollout, plan, cluster)
        return _look_at_health(lease, rollout, plan, cluster)
    except Unauthorized as error:
        return Seen(Observation(rejected=error.sentence))
    except ClusterError as error:
        return Seen(Observation(trouble=error.sentence))


def _due(rollout: Rollout, plan: PlanRecord | None) -> Command:
    """What a fresh pass looks at before anything is decided."""
    phase = Phase(rollout.phase)
    if rollout.abort_requested_at or rollout.stop_requested_at or phase is Phase.PAUSED:
        return Command.NONE
    if phase in QUEUED:
        return Command.PLAN if plan_is_due(rollout, timezone.now()) else Command.NONE
    if plan is None or rollout.step == 0 or rollout.step >= len(plan.body["steps"]):
        return Command.PLAN if phase is Phase.PROGRESSING and rollout.step == 0 else Command.OBSERVE
    return Command.OBSERVE


def _look_at_plan(lease: Lease, rollout: Rollout, cluster: Cluster) -> Seen:
    facts = cluster.facts()
    with scopes.organization(lease.organization_id):
        # Whoever wants a plan from here on wants another one; killed before this one is stored, it is due still.
        Rollout.objects.filter(id=lease.rollout_id, fence=lease.fence).update(
            plan_wanted=False, planned_at=None
        )
        source = planning.source_of(rollout, facts)
    kept = lease

    def keep_alive() -> None:
        nonlocal kept
        if not kept.has_time():
            kept = leases.renew(kept)

    planned = planning.make_plan(source, cluster, keep_alive=keep_alive)
    return Seen(Observation(plan=planned.facts), planned=planned)


def _apply(lease: Lease, rollout: Rollout, plan: PlanRecord, cluster: Cluster) -> Seen:
    step = state_of(rollout, plan).steps[rollout.step]
    manager = field_manager(settings.INSTALLATION_ID, str(rollout.target_id))
    outcome = applying.apply_step(lease, step, rollout.step, manager=manager, cluster=cluster)
    if outcome.refused or outcome.conflict or outcome.namespace_gone:
        return Seen(
            Observation(
                step=rollout.step,
                refused=outcome.refused,
                conflict=outcome.conflict,
                namespace_gone=outcome.namespace_gone,
            )
        )
    with scopes.organization(lease.organization_id):
        remaining = applying.remaining_in(rollout, rollout.step)
    if not step.awaits or remaining:
        return Seen(
            Observation(
                step=rollout.step, remaining=remaining, waiting=outcome.waiting, written=outcome.written
            )
        )
    seen = _look_at_health(lease, rollout, plan, cluster, remaining=remaining)
    return replace(seen, observation=replace(seen.observation, written=outcome.written))


def _look_at_health(
    lease: Lease,
    rollout: Rollout,
    plan: PlanRecord | None,
    cluster: Cluster,
    *,
    remaining: int | None = None,
) -> Seen:
    """Of everything that the plan holds; a release is healthy only as a whole."""
    if plan is None:
        return Seen(Observation())
    state = state_of(rollout, plan)
    keys = [key for step in state.steps if step.kind is StepKind.APPLY for key in step.keys]
    snapshot = cluster.observe(keys, asks_for_events=asks_for_events)
    objects = {key: live for key, live in snapshot.objects.items() if live or not _ran_away(rollout, key)}
    assessment = assess(
        objects,
        snapshot.children,
        snapshot.events,
        wait_for_addresses=bool(rollout.policy["wait_for_addresses"]),
    )
    written: set[ObjectKey] = set()
    for step in state.steps[: state.step + 1]:
        if step.kind is StepKind.APPLY:
            written.update(step.keys)
    if remaining is None:
        with scopes.organization(lease.organization_id):
            remaining = applying.remaining_in(rollout, rollout.step)
    if gone := _namespace_gone(rollout, cluster, [snapshot.objects[key] for key in written if key.namespace]):
        return Seen(Observation(step=rollout.step, namespace_gone=gone), assessment=assessment)
    health = assessment.facts(written)
    if health.all_healthy and not remaining and state.step >= len(state.steps) - 1:
        cleaning.sweep_quietly(lease, snapshot, cluster)
    return Seen(Observation(step=rollout.step, health=health, remaining=remaining), assessment=assessment)


def _namespace_gone(rollout: Rollout, cluster: Cluster, lives: Sequence[Manifest | None]) -> str:
    """Asked only where something that was written is not there or goes. Once all is applied, that is a failure."""
    if Phase(rollout.phase) is not Phase.PROGRESSING or not any(
        live is None or is_terminating(live) for live in lives
    ):
        return ""
    return why_gone(cluster, rollout.target.namespace)


def _ran_away(rollout: Rollout, key: ObjectKey) -> bool:
    """A Job that was seen completed and is gone now: its time to live was over."""
    before = rollout.progress.get("objects", {}).get(str(key), {})
    return key.kind == "Job" and before.get("health") == "healthy"


def _settle(lease: Lease, seen: Seen) -> tuple[Decision, Rollout, PlanRecord | None]:
    """The one short transaction: lock, check the fence, read the gates' facts, decide, write."""
    with scopes.organization(lease.organization_id):
        rollout = leases.lock_both(lease)
        now = timezone.now()
        record = in_force = _plan_in_force(rollout)
        before = rollout.phase
        if seen.planned is not None and not seen.planned.stands_on(rollout.target):
            seen = Seen(
                Observation()
            )  # another rollout succeeded here meanwhile: its way back would be a wrong one
        if rollout.kind == Kind.ROLLBACK and rollout.undoes_id is None and Phase(before) in QUEUED:
            needed = 0 if _skips_gates(rollout) else rollout.environment.approvals_needed
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


def _plan_in_force(rollout: Rollout) -> PlanRecord | None:
    if not rollout.plan_digest:
        return None
    found: PlanRecord | None = (
        PlanRecord.objects.filter(rollout_id=rollout.id, digest=rollout.plan_digest)
        .order_by("-number")
        .first()
    )
    return found


def _load(lease: Lease) -> Rollout:
    """What else it refers to is read where it is needed: a join of ten tables takes longer to plan than all of that."""
    found: Rollout | None = (
        Rollout.objects.filter(id=lease.rollout_id).select_related("target__cluster").first()
    )
    if found is None:
        raise FencedOut
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
