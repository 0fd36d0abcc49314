"""Pauses, and a cluster that does not answer: deadlines stand still, the reason is kept."""

from __future__ import annotations

import pytest

from slipway.engine.decide import decide
from slipway.engine.phases import Phase
from slipway.engine.state import Command, Observation
from tests.engine.building import (
    DEADLINE,
    HEALTHY,
    NOON,
    OPEN,
    RUNNING,
    STARTING,
    UNASKED,
    done,
    later,
    rollout,
)

AWAY = Observation(trouble="the connection is refused")


@pytest.mark.parametrize("phase", RUNNING)
def test_nothing_ends_while_the_cluster_does_not_answer(phase: Phase):
    decision = decide(rollout(phase, deadline_at=later(-1)), AWAY, OPEN, later(100_000))
    assert decision.state.phase is phase
    assert decision.sentence == (
        "The cluster does not answer: the connection is refused. Deadlines stand still."
    )
    assert decision.check_again_at == later(100_003)


def test_silence_is_an_event_once_and_its_end_another():
    first = decide(rollout(Phase.PROGRESSING, wrote=True), AWAY, UNASKED, later(10))
    assert [event.kind for event in first.events] == ["cluster-silent"]
    second = decide(first.state, AWAY, UNASKED, later(20))
    assert second.events == ()
    assert second.state.unreachable_since == later(10)
    back = decide(second.state, done(2, STARTING), UNASKED, later(30))
    assert [event.kind for event in back.events] == ["cluster-answers"]
    assert back.state.unreachable_since is None


def test_the_deadline_and_the_bake_go_on_where_they_stood():
    away = decide(rollout(Phase.VERIFYING, bake_until=later(60)), AWAY, UNASKED, later(10))
    back = decide(away.state, Observation(health=STARTING), UNASKED, later(1010))
    assert back.state.bake_until == later(1060)
    assert back.state.deadline_at == later(DEADLINE + 1000)
    assert back.state.phase is Phase.VERIFYING


def test_a_person_aborts_even_while_the_cluster_is_away():
    state = rollout(Phase.PROGRESSING, wrote=True, abort_requested_by="ana")
    assert decide(state, AWAY, UNASKED, NOON).begins_way_back


@pytest.mark.parametrize("phase", RUNNING)
def test_a_cluster_that_refuses_us_is_an_error_and_no_failure(phase: Phase):
    decision = decide(rollout(phase), Observation(rejected="no credentials (401)"), OPEN, NOON)
    assert decision.state.phase is Phase.ERRORED
    assert decision.end_reason == "no credentials (401)."
    assert not decision.begins_way_back


def test_errored_after_a_write_calls_a_person_and_before_it_nobody():
    refused = Observation(rejected="no credentials (401).")
    after = decide(rollout(Phase.PROGRESSING, wrote=True), refused, UNASKED, NOON)
    assert after.needs_person == "no credentials (401)."
    assert decide(rollout(Phase.PROGRESSING), refused, UNASKED, NOON).needs_person == ""


def test_a_pause_holds_the_slot_says_why_and_who_ends_it():
    state = rollout(Phase.PROGRESSING, wrote=True, pause_requested=True)
    decision = decide(state, done(2, STARTING), UNASKED, later(50))
    assert decision.state.phase is Phase.PAUSED
    assert decision.state.slot_at == NOON
    assert decision.state.standing_still_since == later(50)
    assert decision.command is Command.NONE
    assert decision.sentence == "Paused by a person; nothing is written until it is resumed."
    assert decision.check_again_at == later(110)
    assert [reason.unblocked_by for reason in decision.reasons] == ["a person who resumes or aborts it"]


def test_a_conflict_pauses_and_keeps_saying_who_changed_what():
    seen = Observation(step=2, remaining=1, conflict="Deployment web: spec.replicas was changed by ben")
    paused = decide(rollout(Phase.PROGRESSING, wrote=True), seen, UNASKED, NOON)
    assert paused.state.phase is Phase.PAUSED
    assert paused.state.pause_requested
    assert paused.sentence == "Paused: Deployment web: spec.replicas was changed by ben."
    assert decide(paused.state, Observation(), UNASKED, later(90)).sentence == paused.sentence


def test_resuming_moves_the_deadline_by_the_pause_and_looks_anew():
    state = rollout(Phase.PAUSED, wrote=True, pause_requested=False, paused_because="Paused: x.")
    decision = decide(state, Observation(health=HEALTHY, remaining=0), UNASKED, later(300))
    assert decision.state.phase is Phase.PROGRESSING
    assert decision.state.deadline_at == later(DEADLINE + 300)
    assert decision.state.paused_because == ""
    assert decision.command is Command.APPLY


def test_a_pause_asked_for_before_the_check_is_checked_again_on_resuming():
    paused = decide(rollout(Phase.PROGRESSING, pause_requested=True), Observation(), UNASKED, NOON)
    assert (paused.state.phase, paused.state.step) == (Phase.PAUSED, 0)
    resumed = rollout(Phase.PAUSED, pause_requested=False)
    assert decide(resumed, Observation(), UNASKED, later(10)).command is Command.PLAN
