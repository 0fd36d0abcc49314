"""Every change of phase there is. A pair that is not in the table is refused; terminal phases absorb everything."""

from __future__ import annotations

from enum import StrEnum

from slipway.engine.phases import Phase


class Trigger(StrEnum):
    PLANNED = "planned"  # the dry run answered; gates are asked next
    PLAN_REFUSED = "plan refused"  # the plan cannot be applied as it stands
    CANNOT_ASK = "cannot ask"  # the cluster refuses us for good (credentials), or facts contradict each other
    BEGIN = "begin"  # every gate passes and the slot is free
    PLAN_CHANGED = "plan changed"  # the recomputed plan differs from the approved one; nothing was written
    PAUSE = "pause"
    RESUME = "resume"
    APPLIED = "applied"  # every step done and healthy
    PROVED = "proved"  # healthy for the whole bake time
    BAD = "bad"  # cannot heal, or past its deadline
    STOP_HERE = "stop here"  # a person ends it where it stands: no way back begins
    ABORT = "abort"
    SUPERSEDE = "supersede"


class Forbidden(ValueError):
    """The table has no such pair."""

    def __init__(self, phase: Phase, trigger: Trigger) -> None:
        super().__init__(f"a rollout that is {phase} cannot take “{trigger}”")
        self.phase = phase
        self.trigger = trigger


_P, _T = Phase, Trigger

TABLE: dict[tuple[Phase, Trigger], Phase] = {
    (_P.PENDING, _T.PLANNED): _P.WAITING,
    (_P.PENDING, _T.PLAN_REFUSED): _P.FAILED,
    (_P.PENDING, _T.CANNOT_ASK): _P.ERRORED,
    (_P.PENDING, _T.ABORT): _P.ABORTED,
    (_P.PENDING, _T.STOP_HERE): _P.ABORTED,
    (_P.PENDING, _T.SUPERSEDE): _P.SUPERSEDED,
    (_P.WAITING, _T.PLANNED): _P.WAITING,  # planned again: the cluster changed while it waited
    (_P.WAITING, _T.PLAN_REFUSED): _P.FAILED,
    (_P.WAITING, _T.CANNOT_ASK): _P.ERRORED,
    (_P.WAITING, _T.BEGIN): _P.PROGRESSING,
    (_P.WAITING, _T.ABORT): _P.ABORTED,
    (_P.WAITING, _T.STOP_HERE): _P.ABORTED,
    (_P.WAITING, _T.SUPERSEDE): _P.SUPERSEDED,
    (_P.PROGRESSING, _T.PLAN_CHANGED): _P.WAITING,  # only before the first write
    (_P.PROGRESSING, _T.PLAN_REFUSED): _P.FAILED,
    (_P.PROGRESSING, _T.CANNOT_ASK): _P.ERRORED,
    (_P.PROGRESSING, _T.PAUSE): _P.PAUSED,
    (_P.PROGRESSING, _T.APPLIED): _P.VERIFYING,
    (_P.PROGRESSING, _T.BAD): _P.FAILED,
    (_P.PROGRESSING, _T.STOP_HERE): _P.ABORTED,
    (_P.PROGRESSING, _T.ABORT): _P.ABORTED,
    (_P.PROGRESSING, _T.SUPERSEDE): _P.SUPERSEDED,
    (_P.PAUSED, _T.RESUME): _P.PROGRESSING,
    (_P.PAUSED, _T.BAD): _P.FAILED,
    (_P.PAUSED, _T.CANNOT_ASK): _P.ERRORED,
    (_P.PAUSED, _T.STOP_HERE): _P.ABORTED,
    (_P.PAUSED, _T.ABORT): _P.ABORTED,
    (_P.PAUSED, _T.SUPERSEDE): _P.SUPERSEDED,
    (_P.VERIFYING, _T.PROVED): _P.SUCCEEDED,
    (_P.VERIFYING, _T.BAD): _P.FAILED,
    (_P.VERIFYING, _T.CANNOT_ASK): _P.ERRORED,
    (_P.VERIFYING, _T.STOP_HERE): _P.ABORTED,
    (_P.VERIFYING, _T.ABORT): _P.ABORTED,
    (_P.VERIFYING, _T.SUPERSEDE): _P.SUPERSEDED,
}


def next_phase(phase: Phase, trigger: Trigger) -> Phase:
    """Raises Forbidden. Terminal phases are never left."""
    try:
        return TABLE[phase, trigger]
    except KeyError:
        raise Forbidden(phase, trigger) from None


def allows(phase: Phase, trigger: Trigger) -> bool:
    return (phase, trigger) in TABLE
