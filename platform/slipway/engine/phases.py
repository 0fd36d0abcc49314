"""The phases of a rollout, named as operators think."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    PENDING = "pending"  # asked for, not planned yet
    WAITING = "waiting"  # planned; a gate holds it, with reasons
    PROGRESSING = "progressing"  # holds the target's slot and writes
    PAUSED = "paused"  # holds the slot, writes nothing, deadlines stand still
    VERIFYING = "verifying"  # everything applied and healthy; must stay so for the bake time
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # the release is bad, or its plan was refused
    ERRORED = "errored"  # we could not tell, or could not ask
    ABORTED = "aborted"  # a person's act
    SUPERSEDED = "superseded"  # a newer start took its place

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL

    @property
    def is_active(self) -> bool:
        """Holds the target's one slot."""
        return self in ACTIVE


TERMINAL = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.ERRORED, Phase.ABORTED, Phase.SUPERSEDED})
ACTIVE = frozenset({Phase.PROGRESSING, Phase.PAUSED, Phase.VERIFYING})
QUEUED = frozenset({Phase.PENDING, Phase.WAITING})


class Kind(StrEnum):
    FORWARD = "forward"
    ROLLBACK = "rollback"
    REAPPLY = "re-apply"
    HEAL = "heal"


class StrategyName(StrEnum):
    ROLLING = "rolling"
    RECREATE = "recreate"
