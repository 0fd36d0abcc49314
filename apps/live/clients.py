"""One open socket, and what it follows, as the hub sees them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from apps.live.rights import Seat
from apps.live.streams import Row

CAPACITY = 512


@dataclass(eq=False, slots=True)
class Line:
    """One open socket: who sits at it, and why it must close. It lives as long as the socket, whatever it follows."""

    seat: Seat
    closing: tuple[int, str] | None = None
    beats_at: float = 0.0  # when it is next told that the line stands
    beat: bool = False  # and that this is due
    awake: asyncio.Event = field(default_factory=asyncio.Event)

    def close(self, code: int, why: str) -> None:
        if self.closing is None:
            self.closing = (code, why)
        self.awake.set()


@dataclass(eq=False, slots=True)
class Client:
    """One stream on one socket: what it has, and what waits to be sent."""

    position: int  # the last number that was sent or waits in `queue`
    html: bool = False
    capacity: int = CAPACITY
    catching_up: bool = True  # it reads the database by itself; the feed passes it by
    overrun: bool = False  # it was too slow: what waited is dropped and a snapshot takes its place
    queue: deque[str] = field(default_factory=deque)
    stale: set[str] = field(default_factory=set)  # ids of fragments to send again, in their newest form
    shown: dict[str, int] = field(default_factory=dict)  # id → hash of what was sent
    awake: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, row: Row) -> None:
        """From the feed, in number order."""
        if self.catching_up or self.overrun or row.number <= self.position:
            return
        if len(self.queue) >= self.capacity:
            self.queue.clear()
            self.overrun = True
        else:
            self.queue.append(row.text)
            self.position = row.number
        self.awake.set()

    def offer_fragments(self, marks: dict[str, int]) -> None:
        if not self.html:
            return
        changed = {key for key, mark in marks.items() if self.shown.get(key) != mark}
        if changed:
            self.stale |= changed
            self.awake.set()
