"""How many watchers there are, so that they share, and that there is one, for /readyz. Kept in the cache: losing it
costs balance for a while, never a watch."""

from __future__ import annotations

import structlog
from django.core.cache import cache

log = structlog.get_logger(__name__)

HEARTBEAT = "watcher.heartbeat"  # any watcher's; gone 15 s after the last one's
_HEARTBEAT_SECONDS = 15
# Shorter than a lease: while a dead watcher still counts, nobody takes its part.
_SLOT_SECONDS = 4
_SLOTS = tuple(f"watcher.{number}" for number in range(32))


class Presence:
    def __init__(self, holder: str) -> None:
        self._holder = holder
        self._slot: str | None = None

    def beat(self) -> int:
        """Says that this watcher lives. Answers how many do, itself included; 1 when the cache does not answer."""
        try:
            cache.set(HEARTBEAT, self._holder, _HEARTBEAT_SECONDS)
            there: dict[str, str] = cache.get_many(_SLOTS)
            if self._slot is None or there.get(self._slot) != self._holder:
                self._slot = next(
                    (
                        slot
                        for slot in _SLOTS
                        if slot not in there and cache.add(slot, self._holder, _SLOT_SECONDS)
                    ),
                    None,
                )
                there = {**there, **({self._slot: self._holder} if self._slot else {})}
            else:
                cache.set(self._slot, self._holder, _SLOT_SECONDS)
            return max(1, len(set(there.values()) | {self._holder}))
        except Exception as error:  # noqa: BLE001  whatever the cache's trouble, watching goes on without it
            log.warning("presence_unknown", error=type(error).__name__)
            return 1

    def leave(self) -> None:
        try:
            if self._slot is not None:
                cache.delete(self._slot)
        except Exception as error:  # noqa: BLE001  it runs out by itself
            log.info("presence_left_to_run_out", error=type(error).__name__)
