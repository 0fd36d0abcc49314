"""Abort, stop here, supersede; the way back and the call for a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slipway.engine.decide import decide
from slipway.engine.phases import TERMINAL, Kind, Phase
from slipway.engine.state import Command, Observation
from tests.engine.building import (
    ACTIVE,
    HEALTHY,
    HOPELESS,
    NOON,
    OPEN,
    PLAN,
    REFUSED_PLAN,
    RUNNING,
    UNASKED,
    done,
    rollout,
)

SEEN = [
    Observation(),
    Observation(plan=PLAN),
    done(1),
    done(2, HEALTHY),
    Observation(trouble="the connection is refused."),
    Observation(rejected="The cluster does not accept our credentials (401)."),
]


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("phase", RUNNING)
def test_an_abort_wins_in_every_phase_over_everything_that_was_seen(phase: Phase, seen: Observation):
    decision = decide(rollout(phase, abort_requested_by="ana"), seen, OPEN, NOON)
    assert decision.state.phase is Phase.ABORTED
    assert decision.command is Command.NONE
    assert decision.end_reason.startswith("Aborted by ana.")


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.WAITING, Phase.PROGRESSING, Phase.PAUSED])
def test_an_abort_before_the_first_write_has_nothing_to_undo(phase: Phase):
    decision = decide(rollout(phase, abort_requested_by="ana"), Observation(), OPEN, NOON)
    assert not decision.begins_way_back
    assert decision.needs_person == ""


@pytest.mark.parametrize("phase", ACTIVE)
def test_an_abort_after_a_write_begins_the_way_back(phase: Phase):
    decision = decide(rollout(phase, wrote=True, abort_requested_by="ana"), Observation(), OPEN, NOON)
    assert decision.begins_way_back
    assert decision.end_reason == "Aborted by ana. Going back to v1."
    assert decision.needs_person == ""


@pytest.mark.parametrize("phase", ACTIVE)
def test_an_aborted_first_release_stops_keeps_and_calls_a_person(phase: Phase):
    state = rollout(phase, wrote=True, way_back="", abort_requested_by="ana")
    decision = decide(state, Observation(), OPEN, NOON)
    assert not decision.begins_way_back
    assert decision.needs_person == "Aborted by ana."


@pytest.mark.parametrize("wrote", [False, True])
@pytest.mark.parametrize("phase", ACTIVE)
def test_an_aborted_rollback_calls_a_person_and_never_begins_another(phase: Phase, wrote: bool):
    state = rollout(phase, wrote=wrote, kind=Kind.ROLLBACK, abort_requested_by="ana")
    decision = decide(state, Observation(), OPEN, NOON)
    assert not decision.begins_way_back
    assert decision.needs_person == "The rollback did not succeed. Aborted by ana."


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.WAITING])
def test_a_persons_rollback_aborted_in_the_queue_leaves_the_target_as_it_was(phase: Phase):
    state = rollout(phase, kind=Kind.ROLLBACK, abort_requested_by="ana")
    assert decide(state, Observation(), OPEN, NOON).needs_person == ""


@pytest.mark.parametrize(
    "seen",
    [
        done(2, HOPELESS),
        Observation(step=2, remaining=1, refused="Deployment web was refused"),
        Observation(rejected="The cluster does not accept our credentials (401)."),
    ],
)
def test_a_rollback_that_ends_badly_calls_a_person_and_never_loops(seen: Observation):
    decision = decide(rollout(Phase.PROGRESSING, wrote=True, kind=Kind.ROLLBACK), seen, UNASKED, NOON)
    assert decision.ends
    assert not decision.begins_way_back
    assert decision.needs_person.startswith("The rollback did not succeed. ")


def test_a_way_back_whose_plan_is_refused_calls_a_person():
    state = rollout(Phase.PROGRESSING, kind=Kind.ROLLBACK)
    decision = decide(state, Observation(plan=REFUSED_PLAN), UNASKED, NOON)
    assert decision.state.phase is Phase.FAILED
    assert decision.needs_person.startswith("The rollback did not succeed. The plan cannot be applied: ")


@pytest.mark.parametrize("kind", [Kind.REAPPLY, Kind.HEAL])
def test_a_failed_re_apply_goes_back_like_a_forward_one(kind: Kind):
    decision = decide(rollout(Phase.PROGRESSING, wrote=True, kind=kind), done(2, HOPELESS), UNASKED, NOON)
    assert decision.begins_way_back


@pytest.mark.parametrize("phase", ACTIVE)
def test_stop_here_keeps_what_was_written_and_calls_a_person(phase: Phase):
    decision = decide(rollout(phase, wrote=True, stop_requested=True), Observation(), OPEN, NOON)
    assert decision.state.phase is Phase.ABORTED
    assert not decision.begins_way_back
    assert decision.needs_person == "Stopped here by a person; what was written stays."


def test_abort_is_stronger_than_stop_here_and_both_than_a_newer_release():
    both = rollout(Phase.VERIFYING, abort_requested_by="ana", stop_requested=True, superseded_by="v9")
    assert decide(both, Observation(), OPEN, NOON).begins_way_back
    stop = replace(both, abort_requested_by="")
    assert decide(stop, Observation(), OPEN, NOON).needs_person


@pytest.mark.parametrize("phase", RUNNING)
def test_a_newer_release_takes_over_only_when_told(phase: Phase):
    told = decide(rollout(phase, superseded_by="v9"), Observation(), OPEN, NOON)
    assert told.state.phase is Phase.SUPERSEDED
    assert told.end_reason == "Superseded by v9."
    assert not told.begins_way_back
    untold = decide(rollout(phase), Observation(), OPEN, NOON)
    assert untold.state.phase is not Phase.SUPERSEDED


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_terminal_phases_take_nothing_more(phase: Phase):
    state = replace(rollout(Phase.PROGRESSING, abort_requested_by="ana", superseded_by="v9"), phase=phase)
    for seen in SEEN:
        decision = decide(state, seen, OPEN, NOON)
        assert decision.state == state
        assert (decision.command, decision.triggers, decision.events) == (Command.NONE, (), ())
