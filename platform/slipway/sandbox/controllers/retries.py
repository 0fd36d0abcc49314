"""How long to wait before what was refused is tried again: a little, then twice as long each time."""

from __future__ import annotations

from slipway.sandbox.controllers.clock import Clock
from slipway.sandbox.store import Manifest

_FIRST, _LONGEST = 0.5, 60.0  # simulated seconds


class Retries:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[str, int] = {}

    def wait(self, owner: Manifest) -> float:
        """Real seconds."""
        uid = owner["metadata"]["uid"]
        count = self._counts.get(uid, 0)
        self._counts[uid] = count + 1
        return self._clock.real(min(_FIRST * 2**count, _LONGEST))

    def forget(self, owner: Manifest) -> None:
        self._counts.pop(owner["metadata"]["uid"], None)
