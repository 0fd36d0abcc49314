"""What holds of every decision, whatever was the state and whatever was seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import given

from slipway.engine.decide import decide
from slipway.engine.gates import Answer, worst
from slipway.engine.phases import QUEUED, Kind, Phase
from slipway.engine.state import Command, Facts, Observation, RolloutState
from slipway.engine.transitions import Trigger, next_phase
from tests.engine import worlds


@given(worlds.ended, worlds.observations, worlds.facts, worlds.moments)
def test_a_terminal_phase_absorbs_every_event(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    decision = decide(state, seen, facts, now)
    assert decision.state == state
    assert (decision.command, decision.triggers, decision.events) == (Command.NONE, (), ())
    assert not decision.begins_way_back


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_a_decision_is_the_same_each_time(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    assert decide(state, seen, facts, now) == decide(state, seen, facts, now)


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_a_repeated_event_changes_nothing_more(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    """But for the gates, which are asked about a changed plan only once it is in force."""
    once = decide(state, seen, facts, now)
    changed = once.state.plan_digest != state.plan_digest
    if changed or Trigger.RESUME in once.triggers:
        return
    again = decide(once.state, seen, facts, now)
    assert again.state == once.state
    assert not again.begins_way_back


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_phases_change_only_as_the_table_says(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    decision = decide(state, seen, facts, now)
    phase = state.phase
    for trigger in decision.triggers:
        phase = next_phase(phase, trigger)
    assert phase is decision.state.phase


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_nothing_hangs_without_a_reason(state: RolloutState, seen: Observation, facts: Facts, now: datetime):
    decision = decide(state, seen, facts, now)
    assert decision.sentence.endswith((".", "!", "?"))
    if decision.ends:
        assert decision.end_reason
        assert decision.command is Command.NONE
        assert decision.check_again_at is None
    else:
        assert decision.check_again_at is not None
        assert decision.check_again_at > now
        assert not decision.begins_way_back
        assert decision.needs_person == ""


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_nothing_begins_past_a_gate_that_does_not_pass(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    decision = decide(state, seen, facts, now)
    if Trigger.BEGIN in decision.triggers:
        assert facts.gates
        assert worst(facts.gates) is Answer.PASS
        assert decision.state.plan_digest == (state.plan_digest if facts.about is None else facts.about)
    if state.phase in QUEUED and worst(facts.gates) is not Answer.PASS:
        assert decision.command is not Command.APPLY


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_nothing_is_written_under_a_plan_that_was_not_approved(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    """An active rollout whose approvals bind never leaves the check with another digest than it came with."""
    decision = decide(state, seen, facts, now)
    if (
        state.phase is Phase.PROGRESSING
        and state.step == 0
        and state.approval_binds
        and decision.state.step > 0
    ):
        assert decision.state.plan_digest == state.plan_digest


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_an_abort_begins_no_forward_write(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    decision = decide(replace(state, abort_requested_by="ana"), seen, facts, now)
    assert decision.state.phase is Phase.ABORTED
    assert decision.command is Command.NONE


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_a_way_back_begins_only_after_a_write_and_never_from_a_rollback(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    decision = decide(state, seen, facts, now)
    if decision.begins_way_back:
        assert state.has_written
        assert state.way_back
        assert state.kind is not Kind.ROLLBACK
        assert decision.state.phase in {Phase.FAILED, Phase.ABORTED}
        assert decision.needs_person == ""


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_what_ends_badly_after_a_write_is_taken_back_or_calls_a_person(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    decision = decide(state, seen, facts, now)
    if state.has_written and decision.state.phase in {Phase.FAILED, Phase.ERRORED, Phase.ABORTED}:
        assert decision.begins_way_back or decision.needs_person


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_a_silent_cluster_ends_nothing_unless_a_person_says_so(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    silent = replace(seen, trouble="no answer in time.", rejected="")
    decision = decide(state, silent, facts, now)
    if not (state.abort_requested_by or state.stop_requested or state.superseded_by):
        assert decision.state.phase is state.phase
        assert decision.command is Command.NONE
        assert decision.state.deadline_at == state.deadline_at
        assert decision.state.standing_still_since is not None


@given(worlds.running, worlds.observations, worlds.facts, worlds.moments)
def test_steps_are_taken_in_order_and_none_is_left_out(
    state: RolloutState, seen: Observation, facts: Facts, now: datetime
):
    decision = decide(state, seen, facts, now)
    told = [event.body["step"] for event in decision.events if event.kind == "step-done"]
    if Trigger.BEGIN not in decision.triggers and told:
        assert told == list(range(state.step, decision.state.step))
    # Of a step that is not the check, one look can prove one step only.
    assert len([step for step in told if step > 0]) <= 1
