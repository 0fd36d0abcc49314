"""From asked for to the first write: planning, gates, the last check of the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slipway.engine.decide import decide
from slipway.engine.gates import Answer, GateAnswer
from slipway.engine.phases import Kind, Phase
from slipway.engine.state import Command, Facts, Observation
from slipway.engine.transitions import Trigger
from tests.engine.building import (
    DEADLINE,
    HELD,
    NOON,
    OPEN,
    OTHER_PLAN,
    PASS,
    PLAN,
    REFUSED_PLAN,
    SHUT,
    UNASKED,
    WAIT,
    later,
    rollout,
)

NOTHING = Observation()


def test_a_pending_rollout_is_planned_first():
    decision = decide(rollout(Phase.PENDING), NOTHING, OPEN, NOON)
    assert decision.command is Command.PLAN
    assert decision.state.phase is Phase.PENDING
    assert decision.sentence == "Planning: asking the cluster what would change."


def test_a_plan_that_a_gate_holds_waits_with_the_reason_and_who_can_lift_it():
    decision = decide(rollout(Phase.PENDING), Observation(plan=PLAN), HELD, NOON)
    assert decision.state.phase is Phase.WAITING
    assert decision.state.plan_digest == PLAN.digest
    assert decision.sentence == "Waiting: 0 of 1 approvals of the plan; a releaser can lift it."
    assert decision.reasons == (PASS, WAIT)
    assert decision.command is Command.NONE
    assert decision.check_again_at == later(60)


def test_it_asks_a_gate_when_the_gate_says_so():
    gate = replace(WAIT, asked_again_at=later(7))
    decision = decide(rollout(Phase.WAITING), NOTHING, Facts((gate,)), NOON)
    assert decision.check_again_at == later(7)


def test_a_gate_that_should_have_been_asked_long_ago_does_not_make_it_spin():
    gate = replace(WAIT, asked_again_at=later(-500))
    decision = decide(rollout(Phase.WAITING), NOTHING, Facts((gate,)), NOON)
    assert decision.check_again_at == later(1)


def test_a_refused_plan_fails_with_nothing_to_undo():
    decision = decide(rollout(Phase.PENDING), Observation(plan=REFUSED_PLAN), OPEN, NOON)
    assert decision.state.phase is Phase.FAILED
    assert decision.end_reason == (
        "The plan cannot be applied: Deployment web: it belongs to another target (s/t)."
    )
    assert not decision.begins_way_back
    assert decision.needs_person == ""


def test_a_rejection_ends_it_aborted():
    decision = decide(rollout(Phase.WAITING), NOTHING, SHUT, NOON)
    assert decision.state.phase is Phase.ABORTED
    assert decision.end_reason == "Ben rejected this plan."
    assert not decision.begins_way_back


def test_nothing_begins_while_no_gate_was_asked():
    decision = decide(rollout(Phase.WAITING), NOTHING, UNASKED, NOON)
    assert decision.state.phase is Phase.WAITING
    assert decision.check_again_at == later(1)


def test_it_begins_when_every_gate_passes_and_takes_the_slot_and_a_deadline():
    decision = decide(rollout(Phase.WAITING), NOTHING, OPEN, NOON)
    assert decision.state.phase is Phase.PROGRESSING
    assert decision.state.slot_at == NOON
    assert decision.state.deadline_at == later(DEADLINE)
    assert decision.command is Command.PLAN
    assert decision.sentence == "Checking the plan once more before anything is written."


def test_a_plan_made_in_the_same_look_counts_as_the_last_check():
    decision = decide(rollout(Phase.PENDING), Observation(plan=PLAN), OPEN, NOON)
    assert decision.triggers == (Trigger.PLANNED, Trigger.BEGIN)
    assert (decision.state.phase, decision.state.step) == (Phase.PROGRESSING, 1)
    assert decision.command is Command.APPLY


def test_a_wish_for_a_new_plan_is_carried_out_while_it_waits():
    decision = decide(rollout(Phase.WAITING, plan_wanted=True), NOTHING, HELD, NOON)
    assert decision.command is Command.PLAN


def test_a_new_plan_while_it_waits_replaces_the_old_one_and_says_so():
    state = rollout(Phase.WAITING, plan_wanted=True, approval_binds=True)
    decision = decide(state, Observation(plan=OTHER_PLAN), HELD, NOON)
    assert decision.state.phase is Phase.WAITING
    assert decision.state.plan_digest == OTHER_PLAN.digest
    assert not decision.state.plan_wanted
    (event,) = decision.events
    assert event.kind == "plan-changed"
    assert event.body == {"before": PLAN.digest, "after": OTHER_PLAN.digest, "sentence": OTHER_PLAN.sentence}


@pytest.mark.parametrize("facts", [Facts((PASS,)), SHUT, OPEN])
def test_answers_about_an_earlier_plan_are_none_about_a_new_one(facts: Facts):
    """Neither an approval nor a rejection carries over: the gates are asked anew in the next pass."""
    state = rollout(Phase.WAITING, plan_wanted=True, approval_binds=True)
    decision = decide(state, Observation(plan=OTHER_PLAN), facts, NOON)
    assert (decision.state.phase, decision.state.plan_digest) == (Phase.WAITING, OTHER_PLAN.digest)
    assert decision.check_again_at == later(1)


def test_the_same_plan_again_is_no_event():
    decision = decide(rollout(Phase.WAITING, plan_wanted=True), Observation(plan=PLAN), HELD, NOON)
    assert decision.events == ()


@pytest.mark.parametrize("facts", [OPEN, HELD, UNASKED])
def test_a_plan_that_changed_after_its_approval_goes_back_to_waiting_whatever_the_gates_said_before(
    facts: Facts,
):
    state = rollout(Phase.PROGRESSING, approval_binds=True)
    decision = decide(state, Observation(plan=OTHER_PLAN), facts, NOON)
    assert decision.state.phase is Phase.WAITING
    assert decision.state.plan_digest == OTHER_PLAN.digest
    assert (decision.state.slot_at, decision.state.deadline_at, decision.state.step) == (None, None, 0)
    assert decision.command is Command.NONE
    assert decision.sentence == "The plan changed since it was approved; nothing was applied."
    assert decision.check_again_at == later(1)
    assert not decision.begins_way_back


def test_a_changed_plan_goes_on_with_an_event_where_no_approval_was_needed():
    decision = decide(rollout(Phase.PROGRESSING), Observation(plan=OTHER_PLAN), UNASKED, NOON)
    assert (decision.state.phase, decision.state.step) == (Phase.PROGRESSING, 1)
    assert decision.state.plan_digest == OTHER_PLAN.digest
    assert [event.kind for event in decision.events] == ["plan-changed", "step-done"]


def test_a_changed_plan_whose_place_in_the_queue_is_taken_is_superseded():
    state = rollout(Phase.PROGRESSING, approval_binds=True)
    decision = decide(state, Observation(plan=OTHER_PLAN), Facts(newer="v9"), NOON)
    assert decision.state.phase is Phase.SUPERSEDED
    assert decision.needs_person == ""


def test_a_plan_refused_at_the_last_check_fails_before_the_first_write():
    decision = decide(rollout(Phase.PROGRESSING), Observation(plan=REFUSED_PLAN), UNASKED, NOON)
    assert decision.state.phase is Phase.FAILED
    assert not decision.begins_way_back
    assert decision.needs_person == ""


def test_a_way_back_has_no_plan_yet_and_makes_one():
    state = replace(rollout(Phase.PENDING), phase=Phase.PROGRESSING, kind=Kind.ROLLBACK, slot_at=NOON)
    first = decide(state, NOTHING, UNASKED, NOON)
    assert first.command is Command.PLAN
    second = decide(first.state, Observation(plan=PLAN), UNASKED, NOON)
    assert second.state.step == 1
    assert second.state.deadline_at == later(DEADLINE)
    assert second.command is Command.APPLY


def test_several_reasons_are_all_said():
    other = GateAnswer("deletions", Answer.WAIT, "the plan deletes 9 objects", unblocked_by="a person")
    decision = decide(rollout(Phase.WAITING), NOTHING, Facts((WAIT, other)), NOON)
    assert decision.sentence == (
        "Waiting: 0 of 1 approvals of the plan; a releaser can lift it. "
        "The plan deletes 9 objects; a person can lift it."
    )
