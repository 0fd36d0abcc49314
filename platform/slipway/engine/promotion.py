"""Which environments a release goes to next. One implicit pipeline per application: the environments in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    MANUAL = "manual"
    AUTO = "auto"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class Stage:
    """One environment in order. `standing` is the number of the newest release that succeeded on every target."""

    environment: str
    mode: Mode
    standing: int | None = None
    wanted: int | None = None  # the newest release that runs or waits there


@dataclass(frozen=True, slots=True)
class Promotion:
    environment: str
    why: str


def promote(stages: Sequence[Stage], *, release: int, succeeded_in: str | None) -> Promotion | None:
    """Where the release goes by itself now. `succeeded_in` None: it was just made.

    It moves to the environment right after the one it succeeded in (the first, when new) if that one starts by
    itself, and never puts an older release over a newer one.
    """
    index = 0
    if succeeded_in is not None:
        names = [stage.environment for stage in stages]
        if succeeded_in not in names:
            return None
        index = names.index(succeeded_in) + 1
    if index >= len(stages):
        return None
    following = stages[index]
    if following.mode is Mode.MANUAL:
        return None
    newest = max(number for number in (following.standing, following.wanted, 0) if number is not None)
    if release <= newest:
        return None
    why = f"succeeded in {succeeded_in}" if succeeded_in else "a new release"
    return Promotion(following.environment, f"{why}; {following.environment} starts by itself")
