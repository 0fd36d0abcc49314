"""How the command ends: a sentence on stderr, and a code that a script can go by."""

from __future__ import annotations

from enum import IntEnum


class Outcome(IntEnum):
    DONE = 0
    ERROR = 1  # refused, not found, no connection: the sentence on stderr says which
    USAGE = 2
    FAILED = 3  # the release is bad, or its plan was refused
    ERRORED = 4  # Slipway could not tell
    ABORTED = 5
    SUPERSEDED = 6
    WAITS = 7  # for a person, and --no-wait was given
    TIMED_OUT = 8  # --timeout ran out; the rollout goes on
    INTERRUPTED = 130


OF_PHASE = {
    "succeeded": Outcome.DONE,
    "failed": Outcome.FAILED,
    "errored": Outcome.ERRORED,
    "aborted": Outcome.ABORTED,
    "superseded": Outcome.SUPERSEDED,
}

EXPLAINED = (
    "Exit codes: 0 done or succeeded · 1 refused or no connection · 2 wrong usage · 3 failed · 4 errored · "
    "5 aborted · 6 superseded · 7 waits for a person (with --no-wait) · 8 --timeout ran out · 130 interrupted"
)


class CommandFailed(Exception):
    """Ends the command with one sentence."""

    def __init__(self, sentence: str, outcome: Outcome = Outcome.ERROR) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.outcome = outcome
