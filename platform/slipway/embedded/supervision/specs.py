from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from slipway.embedded.unprivileged import Account


@dataclass(frozen=True, slots=True)
class Service:
    """A process that has to run for as long as the supervisor does."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    depends_on: tuple[str, ...] = ()
    prepare: Callable[[], None] | None = None  # called before every start, in the supervisor's own process
    is_ready: Callable[[], Awaitable[bool]] | None = None  # asked until it says yes; None: ready once started
    says_when_ready: str | None = None  # or: a piece of the line it prints
    ready_within_seconds: float = 180  # two cores that do something else besides are slow
    stop_signal: signal.Signals = signal.SIGTERM
    last_resort: signal.Signals = signal.SIGKILL  # to its whole group
    grace_seconds: float = 6
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done once on the way up. What it raises ends the start."""

    name: str
    run: Callable[[], Awaitable[None]]
    depends_on: tuple[str, ...] = ()


Unit = Service | Job


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the n-th start in a row: quickly at first, then ever more slowly, for ever."""

    first_seconds: float = 0.2
    factor: float = 2.0
    most_seconds: float = 15.0
    forgiven_after_seconds: float = 10.0  # having run this long, a crash counts as the first again

    def delay_seconds(self, crashes_in_a_row: int) -> float:
        """0.2, 0.4, 0.8 … 12.8, 15, 15 …"""
        exponent = min(crashes_in_a_row - 1, 30)
        return min(self.most_seconds, self.first_seconds * self.factor**exponent)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a process ended."""

    code: int

    @property
    def is_clean(self) -> bool:
        """0, or ended by the signals with which one asks a process to end (as itself or as a shell reports them)."""
        asked = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
        return self.code == 0 or -self.code in asked or self.code - 128 in asked

    def __str__(self) -> str:
        if self.code >= 0:
            return f"ended with code {self.code}"
        return f"was ended by {signal.Signals(-self.code).name}"


@dataclass(slots=True)
class Standing:
    """What is known about a service now; written to the run file."""

    pid: int | None = None
    started: str | None = None
    starts: int = 0
    is_ready: bool = False
    last_outcome: str | None = None
    last_lines: list[str] = field(default_factory=list)
