"""Applying step by step, awaiting health, the deadline of progress, the bake."""

from __future__ import annotations

from dataclasses import replace

from slipway.engine.decide import decide
from slipway.engine.phases import Phase
from slipway.engine.state import Command, Observation
from tests.engine.building import (
    DEADLINE,
    DEGRADED,
    HEALTHY,
    HOPELESS,
    NOON,
    STARTING,
    UNASKED,
    done,
    later,
    rollout,
)


def test_a_step_is_applied_until_nothing_of_it_remains():
    state = rollout(Phase.PROGRESSING, step=1)
    decision = decide(state, Observation(step=1, remaining=3), UNASKED, NOON)
    assert decision.command is Command.APPLY
    assert decision.sentence == "Step 1 of 2: configuration and services."


def test_a_step_that_awaits_nothing_is_followed_at_once():
    decision = decide(rollout(Phase.PROGRESSING, step=1), done(1), UNASKED, NOON)
    assert decision.state.step == 2
    assert decision.command is Command.APPLY
    assert [(event.kind, event.body["step"]) for event in decision.events] == [("step-done", 1)]


def test_an_observation_of_an_earlier_step_never_carries_a_later_one():
    once = decide(rollout(Phase.PROGRESSING, step=1), done(1, HEALTHY), UNASKED, NOON)
    again = decide(once.state, done(1, HEALTHY), UNASKED, NOON)
    assert again.state.step == 2
    assert again.command is Command.APPLY


def test_a_step_that_awaits_is_watched_with_the_words_of_its_health():
    decision = decide(rollout(Phase.PROGRESSING, step=2), done(2, STARTING), UNASKED, NOON)
    assert decision.command is Command.NONE
    assert decision.sentence == (
        "Step 2 of 2: workloads; 0 of 1 workloads healthy; Deployment web: 0 of 3 pods ready."
    )
    assert decision.check_again_at == later(5)


def test_it_looks_again_right_after_the_deadline():
    state = rollout(Phase.PROGRESSING, step=2, deadline_at=later(2.5))
    assert decide(state, done(2, STARTING), UNASKED, NOON).check_again_at == later(3)


def test_an_object_that_goes_away_first_is_waited_for_with_the_reason():
    seen = Observation(step=1, remaining=1, waiting="Service web is being deleted first")
    decision = decide(rollout(Phase.PROGRESSING, step=1), seen, UNASKED, NOON)
    assert decision.command is Command.NONE
    assert decision.sentence == "Step 1 of 2: Service web is being deleted first."
    assert decision.check_again_at == later(1)


def test_a_refused_write_fails_and_begins_the_way_back():
    seen = Observation(step=2, remaining=1, refused="Deployment web was refused: quota")
    decision = decide(rollout(Phase.PROGRESSING, wrote=True), seen, UNASKED, NOON)
    assert decision.state.phase is Phase.FAILED
    assert decision.begins_way_back
    assert decision.end_reason == "Deployment web was refused: quota. Going back to v1."


def test_what_cannot_heal_fails_long_before_the_deadline():
    decision = decide(rollout(Phase.PROGRESSING, wrote=True), done(2, HOPELESS), UNASKED, later(1))
    assert decision.state.phase is Phase.FAILED
    assert decision.end_reason.startswith("Deployment web: 0 of 3 pods ready; web-1: ImagePullBackOff")
    assert decision.begins_way_back


def test_what_is_merely_degraded_has_until_the_deadline():
    state = rollout(Phase.PROGRESSING, wrote=True)
    assert not decide(state, done(2, DEGRADED), UNASKED, later(DEADLINE - 1)).ends
    late = decide(state, done(2, DEGRADED), UNASKED, later(DEADLINE))
    assert late.state.phase is Phase.FAILED
    assert late.end_reason == "Not healthy within 600 s: 0 of 1 workloads healthy. Going back to v1."


def test_the_deadline_is_one_of_progress():
    steps = (*rollout(Phase.PROGRESSING).steps, rollout(Phase.PROGRESSING).steps[2])
    state = rollout(Phase.PROGRESSING, wrote=True, steps=steps)
    decision = decide(state, done(2, HEALTHY), UNASKED, later(500))
    assert decision.state.step == 3
    assert decision.state.deadline_at == later(500 + DEADLINE)


def test_a_step_that_is_never_written_whole_fails_at_the_deadline():
    seen = Observation(step=1, remaining=1, waiting="Service web is being deleted first")
    state = rollout(Phase.PROGRESSING, step=1, first_write_at=NOON)
    decision = decide(state, seen, UNASKED, later(DEADLINE))
    assert decision.state.phase is Phase.FAILED
    assert decision.end_reason == ("Configuration and services was not done within 600 s. Going back to v1.")


def test_the_last_step_healthy_and_no_bake_is_success_in_one_pass():
    decision = decide(rollout(Phase.PROGRESSING, wrote=True), done(2, HEALTHY), UNASKED, NOON)
    assert decision.state.phase is Phase.SUCCEEDED
    assert decision.sentence == "1 of 1 workloads healthy."
    assert decision.check_again_at is None


def test_a_bake_is_watched_to_its_end():
    state = rollout(Phase.PROGRESSING, wrote=True, bake_seconds=30)
    baking = decide(state, done(2, HEALTHY), UNASKED, NOON)
    assert baking.state.phase is Phase.VERIFYING
    assert baking.sentence == "Bake: healthy, watched until 12:00:30 UTC."
    assert baking.check_again_at == later(15)
    near = decide(baking.state, Observation(health=HEALTHY), UNASKED, later(29))
    assert near.check_again_at == later(31)
    end = decide(baking.state, Observation(health=HEALTHY), UNASKED, later(30))
    assert end.state.phase is Phase.SUCCEEDED


def test_degraded_while_it_is_watched_fails_and_goes_back():
    decision = decide(rollout(Phase.VERIFYING), Observation(health=DEGRADED), UNASKED, NOON)
    assert decision.state.phase is Phase.FAILED
    assert decision.begins_way_back
    assert (
        decision.end_reason == "Not healthy while it was watched: Deployment web: crashed. Going back to v1."
    )


def test_a_dip_late_in_a_long_bake_has_a_whole_deadline_to_come_back():
    """An autoscaler that adds pods makes a workload progressing; that alone must not take a release back."""
    state = rollout(Phase.VERIFYING, bake_until=later(7200))
    healthy = decide(state, Observation(health=HEALTHY), UNASKED, later(5000))
    dip = decide(healthy.state, Observation(health=STARTING), UNASKED, later(5010))
    assert dip.state.phase is Phase.VERIFYING
    assert dip.sentence.startswith("Bake: 0 of 1 workloads healthy")
    late = decide(dip.state, Observation(health=STARTING), UNASKED, later(5000 + DEADLINE))
    assert late.state.phase is Phase.FAILED
    back = decide(dip.state, Observation(health=HEALTHY), UNASKED, later(7200))
    assert back.state.phase is Phase.SUCCEEDED


def test_a_release_of_no_objects_succeeds():
    state = rollout(Phase.PROGRESSING, steps=rollout(Phase.PROGRESSING).steps[:1], step=1)
    nothing = replace(HEALTHY, sentence="nothing to wait for")
    decision = decide(state, Observation(health=nothing, remaining=0), UNASKED, NOON)
    assert decision.state.phase is Phase.SUCCEEDED
    assert decision.sentence == "Nothing to wait for."


GONE = Observation(step=1, namespace_gone="the namespace shop is being deleted")


def test_a_namespace_that_goes_under_the_plan_has_everything_planned_anew():
    for state in (
        rollout(Phase.PROGRESSING, step=1, approval_binds=True),  # nothing is written yet
        rollout(Phase.PROGRESSING, step=1, first_write_at=NOON),  # nobody had to approve
    ):
        decision = decide(state, GONE, UNASKED, NOON)
        assert (decision.state.phase, decision.state.step) == (Phase.PROGRESSING, 0)
        assert decision.command is Command.PLAN
        assert decision.sentence == "The namespace shop is being deleted. Planning anew."
        assert decision.state.deadline_at == state.deadline_at


def test_half_written_and_approved_it_is_a_person_s_to_say_what_follows():
    state = rollout(Phase.PROGRESSING, step=1, first_write_at=NOON, approval_binds=True)
    decision = decide(state, GONE, UNASKED, NOON)
    assert decision.state.phase is Phase.PAUSED
    assert decision.sentence == (
        "Paused: The namespace shop is being deleted. That is not what was approved."
    )


def test_past_its_deadline_because_nobody_looked_it_is_let_try_before_it_is_judged():
    state = rollout(Phase.PROGRESSING, step=1, first_write_at=NOON)
    alone = later(3 * DEADLINE)
    tried = decide(state, Observation(step=1, health=STARTING, remaining=1), UNASKED, alone)
    assert tried.command is Command.APPLY
    assert decide(state, Observation(step=1, remaining=1, written=0), UNASKED, alone).ends
    got_on = decide(state, Observation(step=1, remaining=1, written=2), UNASKED, alone)
    assert got_on.command is Command.APPLY
    assert got_on.state.deadline_at == alone + state.progress_deadline


def test_what_was_written_late_has_the_whole_deadline_to_become_healthy():
    state = rollout(Phase.PROGRESSING, wrote=True)
    alone = later(3 * DEADLINE)
    wrote = Observation(step=2, health=STARTING, remaining=0, written=1)
    decision = decide(state, wrote, UNASKED, alone)
    assert not decision.ends
    assert decision.state.deadline_at == alone + state.progress_deadline
    assert decide(state, done(2, STARTING), UNASKED, alone).ends  # written long ago, and not healthy now
    assert decide(state, done(2, HEALTHY), UNASKED, alone).state.phase is Phase.SUCCEEDED
