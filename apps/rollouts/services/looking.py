"""Acts as told and observes: what the engine is told comes from here. No transaction is open meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils import timezone

from apps.clusters.services import connect
from apps.core import scopes
from apps.rollouts.conversions import plan_is_due, state_of
from apps.rollouts.models import PlanRecord, Rollout
from apps.rollouts.services import applying, cleaning, leases, planning
from apps.rollouts.services.leases import Lease
from apps.rollouts.services.sources import source_of
from apps.rollouts.services.writing import why_gone
from slipway.engine.health import Assessment, asks_for_events, assess
from slipway.engine.manifests import field_manager
from slipway.engine.objects import Manifest, ObjectKey, is_terminating
from slipway.engine.phases import QUEUED, Phase
from slipway.engine.state import Command, Observation
from slipway.engine.steps import StepKind
from slipway.ports.clusters import Cluster, ClusterError, Unauthorized


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: what the engine is told, and what is stored if it decides to take it."""

    observation: Observation
    planned: planning.Planned | None = None
    assessment: Assessment | None = None


def look(lease: Lease, command: Command, rollout: Rollout, plan: PlanRecord | None) -> Seen:
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
        source = source_of(rollout, facts)
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
