"""Simulated seconds: a delay of ten is half a second at speed 20. Time stamps are always the wall clock's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
# Work itself is not sped up: at speed 20 a deadline of a second must not end before a busy loop came round.
_LEAST_DEADLINE = 3.0


class Clock:
    def __init__(self, speed: float) -> None:
        if speed <= 0:
            raise ValueError("The speed must be more than 0.")
        self.speed = speed

    def real(self, simulated_seconds: float) -> float:
        return simulated_seconds / self.speed

    def deadline(self, simulated_seconds: float) -> float:
        """In real seconds; shortened like a delay, but never below what a busy machine needs."""
        return min(simulated_seconds, max(simulated_seconds / self.speed, _LEAST_DEADLINE))

    async def sleep(self, simulated_seconds: float) -> None:
        await asyncio.sleep(simulated_seconds / self.speed)

    def stamp(self) -> str:
        return datetime.now(UTC).strftime(_FORMAT)

    def since(self, stamp: str | None) -> float:
        """Real seconds; a stamp has whole ones, so this may be up to one too many."""
        if not stamp:
            return float("inf")
        then = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
        return max(0.0, (datetime.now(UTC) - then).total_seconds())
