"""Short ways to say what the engine is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from slipway.engine.gates import Answer, GateAnswer
from slipway.engine.objects import ObjectKey
from slipway.engine.phases import Kind, Phase
from slipway.engine.state import Facts, HealthFacts, Observation, PlanFacts, RolloutState
from slipway.engine.steps import CHECK, Step, StepKind

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DEADLINE = 600

WEB = ObjectKey("apps", "Deployment", "shop", "web")
CONFIGURE = Step(StepKind.APPLY, "Configuration and services", (ObjectKey("", "Service", "shop", "web"),))
DEPLOY = Step(StepKind.APPLY, "Workloads", (WEB,), awaits=True)
STEPS = (CHECK, CONFIGURE, DEPLOY)

PLAN = PlanFacts("sha256:one", "2 created; 0 unchanged.", STEPS)
OTHER_PLAN = replace(PLAN, digest="sha256:two", sentence="3 created; 0 unchanged.")
REFUSED_PLAN = replace(
    PLAN, digest="sha256:bad", refusals=("Deployment web: it belongs to another target (s/t)",)
)

HEALTHY = HealthFacts(True, "1 of 1 workloads healthy")
STARTING = HealthFacts(False, "0 of 1 workloads healthy; Deployment web: 0 of 3 pods ready")
HOPELESS = HealthFacts(
    False,
    "0 of 1 workloads healthy",
    cannot_heal="Deployment web: 0 of 3 pods ready; web-1: ImagePullBackOff in web: image web:9 cannot be pulled",
    degraded="Deployment web: 0 of 3 pods ready",
)
DEGRADED = HealthFacts(False, "0 of 1 workloads healthy", degraded="Deployment web: crashed")

PASS = GateAnswer("slot", Answer.PASS, "the target is free")
WAIT = GateAnswer("approval", Answer.WAIT, "0 of 1 approvals of the plan", unblocked_by="a releaser")
REFUSE = GateAnswer("approval", Answer.REFUSE, "ben rejected this plan", "a new rollout")
OPEN = Facts((PASS,), about=PLAN.digest)
HELD = Facts((PASS, WAIT), about=PLAN.digest)
SHUT = Facts((PASS, REFUSE), about=PLAN.digest)
UNASKED = Facts()

ACTIVE = (Phase.PROGRESSING, Phase.PAUSED, Phase.VERIFYING)
RUNNING = (Phase.PENDING, Phase.WAITING, *ACTIVE)


def later(seconds: float, since: datetime = NOON) -> datetime:
    return since + timedelta(seconds=seconds)


def rollout(phase: Phase, *, wrote: bool = False, way_back: str = "v1", **changes: Any) -> RolloutState:
    """A forward rollout with two steps, as it stands in that phase; `wrote` puts it into the last step."""
    state = RolloutState(phase, Kind.FORWARD, way_back=way_back, phase_since=NOON)
    if phase is not Phase.PENDING:
        state = replace(state, steps=STEPS, plan_digest=PLAN.digest, plan_wanted=False)
    if phase in ACTIVE:
        state = replace(state, slot_at=NOON, step_since=NOON, deadline_at=later(DEADLINE))
    if phase is Phase.PAUSED:
        state = replace(state, pause_requested=True, standing_still_since=NOON)
    if wrote:
        state = replace(state, first_write_at=NOON, step=2)
    if phase is Phase.VERIFYING:
        state = replace(state, first_write_at=NOON, step=3, bake_until=NOON)
    return replace(state, **changes)


def done(step: int, health: HealthFacts | None = None) -> Observation:
    return Observation(step=step, remaining=0, health=health)
