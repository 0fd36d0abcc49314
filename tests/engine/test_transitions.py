"""The published table: what each trigger makes of each phase. “-” is refused; terminal phases take nothing."""

from __future__ import annotations

import pytest

from slipway.engine.phases import ACTIVE, QUEUED, TERMINAL, Phase
from slipway.engine.transitions import TABLE, Forbidden, Trigger, allows, next_phase

PUBLISHED = """
                pending     waiting      progressing  paused       verifying
planned         waiting     waiting      -            -            -
plan refused    failed      failed       failed       -            -
cannot ask      errored     errored      errored      errored      errored
begin           -           progressing  -            -            -
plan changed    -           -            waiting      -            -
pause           -           -            paused       -            -
resume          -           -            -            progressing  -
applied         -           -            verifying    -            -
proved          -           -            -            -            succeeded
bad             -           -            failed       failed       failed
stop here       aborted     aborted      aborted      aborted      aborted
abort           aborted     aborted      aborted      aborted      aborted
supersede       superseded  superseded   superseded   superseded   superseded
"""


def published() -> dict[tuple[Phase, Trigger], Phase | None]:
    header, *rows = [line for line in PUBLISHED.splitlines() if line.strip()]
    phases = [Phase(word) for word in header.split()]
    table: dict[tuple[Phase, Trigger], Phase | None] = {}
    for row in rows:
        trigger, cells = Trigger(row[:16].strip()), row[16:].split()
        for phase, cell in zip(phases, cells, strict=True):
            table[phase, trigger] = None if cell == "-" else Phase(cell)
    return table


EXPECTED = published() | {(phase, trigger): None for phase in TERMINAL for trigger in Trigger}


def test_every_pair_of_phase_and_trigger_is_published():
    assert set(EXPECTED) == {(phase, trigger) for phase in Phase for trigger in Trigger}


@pytest.mark.parametrize(("phase", "trigger"), sorted(EXPECTED))
def test_a_pair_becomes_what_is_published_or_is_refused(phase: Phase, trigger: Trigger):
    expected = EXPECTED[phase, trigger]
    assert allows(phase, trigger) is (expected is not None)
    if expected is not None:
        assert next_phase(phase, trigger) is expected
        return
    with pytest.raises(Forbidden) as refused:
        next_phase(phase, trigger)
    assert (refused.value.phase, refused.value.trigger) == (phase, trigger)
    assert str(refused.value) == f"a rollout that is {phase} cannot take “{trigger}”"


def test_phases_are_queued_active_or_terminal_and_only_one_of_these():
    assert set(Phase) == QUEUED | ACTIVE | TERMINAL
    assert not QUEUED & ACTIVE
    assert not (QUEUED | ACTIVE) & TERMINAL


def test_every_phase_that_is_not_terminal_can_be_aborted_and_reaches_an_end():
    for phase in set(Phase) - TERMINAL:
        assert TABLE[phase, Trigger.ABORT] is Phase.ABORTED
