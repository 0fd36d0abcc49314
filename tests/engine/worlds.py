"""Hypothesis strategies: any state a rollout can be in, anything that can be seen, any facts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from slipway.engine.gates import Answer, GateAnswer
from slipway.engine.objects import ObjectKey
from slipway.engine.phases import TERMINAL, Kind, Phase
from slipway.engine.state import Facts, HealthFacts, Observation, PlanFacts, RolloutState
from slipway.engine.steps import CHECK, Step, StepKind
from tests.engine.building import DEGRADED, HEALTHY, HOPELESS, NOON, STARTING, later

moments = st.integers(0, 5_000).map(later)
maybe = st.none() | moments
words = st.sampled_from(["", "the API answers 503", "no answer in time."])

keys = st.builds(
    ObjectKey,
    st.sampled_from(["", "apps", "batch"]),
    st.sampled_from(["Service", "Deployment", "Job"]),
    st.just("shop"),
    st.sampled_from(["web", "cart", "mail"]),
)
steps = st.lists(
    st.builds(
        Step,
        st.sampled_from([StepKind.APPLY, StepKind.PRUNE]),
        st.sampled_from(["Workloads", "Routes and scaling"]),
        st.lists(keys, max_size=2).map(tuple),
        st.booleans(),
    ),
    max_size=4,
).map(lambda found: (CHECK, *found))

plans = st.builds(
    PlanFacts,
    digest=st.sampled_from(["sha256:a", "sha256:b"]),
    sentence=st.just("1 changed; 0 unchanged."),
    steps=steps,
    refusals=st.sampled_from([(), (), ("Job j: it was refused",)]),
)
healths = st.sampled_from([HEALTHY, STARTING, DEGRADED, HOPELESS]) | st.builds(
    HealthFacts, st.booleans(), st.just("some healthy"), st.sampled_from(["", "never"]), st.just("")
)
observations = st.builds(
    Observation,
    plan=st.none() | plans,
    health=st.none() | healths,
    step=st.integers(0, 5),
    remaining=st.none() | st.integers(0, 3),
    written=st.none() | st.integers(0, 3),
    trouble=words,
    rejected=st.sampled_from(["", "", "", "401"]),
    refused=st.sampled_from(["", "", "", "it was refused"]),
    waiting=st.sampled_from(["", "Service web is being deleted first"]),
    namespace_gone=st.sampled_from(["", "", "", "the namespace shop is gone"]),
    conflict=st.sampled_from(["", "", "", "Deployment web was changed by ben"]),
)
answers = st.builds(
    GateAnswer,
    st.sampled_from(["approval", "slot", "deletions"]),
    st.sampled_from(list(Answer)),
    st.just("a sentence"),
    st.sampled_from(["", "ana"]),
    maybe,
)
facts = st.builds(
    Facts,
    st.lists(answers, max_size=3).map(tuple),
    st.sampled_from([None, "sha256:a", "sha256:b"]),
    st.sampled_from(["", "v9"]),
)


@st.composite
def states(draw: st.DrawFn, phases: st.SearchStrategy[Phase] | None = None) -> RolloutState:
    """Consistent ones: what holds the slot has a moment for it, what has written has got past the check."""
    phase = draw(phases if phases is not None else st.sampled_from(list(Phase)))
    found = draw(steps)
    state = RolloutState(
        phase,
        draw(st.sampled_from(list(Kind))),
        steps=found,
        plan_digest="sha256:a",
        plan_wanted=draw(st.booleans()),
        approval_binds=draw(st.booleans()),
        phase_since=NOON,
        unreachable_since=draw(maybe),
        bake_seconds=draw(st.sampled_from([0, 30])),
        way_back=draw(st.sampled_from(["", "v1"])),
        abort_requested_by=draw(st.sampled_from(["", "", "", "ana"])),
        stop_requested=draw(st.sampled_from([False, False, False, True])),
        superseded_by=draw(st.sampled_from(["", "", "", "v9"])),
    )
    if phase is Phase.PENDING:
        return replace(state, steps=(), plan_digest="")
    if phase is Phase.WAITING:
        return state
    state = replace(
        state,
        step=draw(st.integers(0, len(found))),
        slot_at=NOON,
        step_since=NOON,
        deadline_at=draw(maybe),
        standing_still_since=draw(maybe),
        pause_requested=draw(st.booleans()),
        plan_wanted=False,
    )
    if phase is Phase.VERIFYING:
        state = replace(state, step=len(found), bake_until=draw(maybe))
    return replace(state, first_write_at=NOON if state.step > 0 and draw(st.booleans()) else None)


running = states(st.sampled_from([phase for phase in Phase if phase not in TERMINAL]))
ended = states(st.sampled_from(sorted(TERMINAL)))
