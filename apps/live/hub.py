"""One per web process: hears wake-ups, compares heads, checks rights. The only thing in live that asks the database,
on threads of its own; a consumer that queried would stand in line with every other one."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Barrier
from time import monotonic
from typing import Any, TypeVar

import structlog
from channels.layers import get_channel_layer
from django.db import connections

from apps.core.wake import WAKE_GROUP
from apps.live import reading, rights
from apps.live.clients import CAPACITY, Client, Line
from apps.live.feeds import Feed
from apps.live.streams import Snapshot, Stream

log = structlog.get_logger(__name__)
T = TypeVar("T")

_THREADS = 4
_QUICK_THREADS = (
    2  # for what everybody waits for: a hall that is just filling keeps the others busy for seconds
)
_BEATS_PER_HEARTBEAT = 10

SIGNED_OUT, RIGHT_LOST, TRY_LATER = 4401, 4403, 1013


@dataclass(frozen=True, slots=True)
class Pace:
    compare_seconds: float = 2
    rights_seconds: float = 3
    unchecked_seconds: float = 30  # rights that could not be checked for so long count as lost
    heartbeat_seconds: float = 10
    far_behind: int = 2000  # more missed events than this are a snapshot
    capacity: int = CAPACITY


class Hub:
    def __init__(self, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="live")
        self._quick_threads = ThreadPoolExecutor(_QUICK_THREADS, thread_name_prefix="live-quick")
        self._feeds: dict[str, Feed] = {}
        self._lines: set[Line] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._checked_at = monotonic()

    async def run(self, function: Callable[[], T]) -> T:
        """On one of the hub's threads."""
        return await self._on(self._threads, function)

    async def run_quickly(self, function: Callable[[], T]) -> T:
        """On a thread that no single socket's handshake, replay or page keeps busy."""
        return await self._on(self._quick_threads, function)

    async def _on(self, threads: ThreadPoolExecutor, function: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        done: T = await loop.run_in_executor(threads, partial(reading.on_thread, function))
        return done

    @property
    def sockets(self) -> int:
        return len(self._lines)

    @contextmanager
    def seated(self, line: Line) -> Iterator[None]:
        """While it is, its rights are checked and it is told that it stands."""
        self._start()
        line.beats_at = monotonic() + self.pace.heartbeat_seconds
        self._lines.add(line)
        try:
            yield
        finally:
            self._lines.discard(line)

    async def join(self, stream: Stream, client: Client) -> Feed:
        """From here on the feed knows the client; it is passed by until it has caught up."""
        feed = self._feeds.get(stream.name)
        if feed is None:
            feed = self._feeds[stream.name] = Feed(stream, read=self.run_quickly, render=self.run)
        feed.clients.add(client)
        try:
            await feed.open()
        except BaseException:
            self.leave(feed, client)
            raise
        return feed

    def leave(self, feed: Feed, client: Client) -> None:
        feed.clients.discard(client)
        if not feed.clients and self._feeds.get(feed.stream.name) is feed:
            del self._feeds[feed.stream.name]
            feed.close()

    def head(self, stream: Stream) -> int:
        """As far as this process has read it."""
        feed = self._feeds.get(stream.name)
        return feed.head if feed else 0

    async def snapshot(self, stream: Stream) -> Snapshot:
        return await self.run(lambda: reading.snapshot(stream))

    async def close(self) -> None:
        for feed in self._feeds.values():
            feed.close()
        await end(self._tasks)
        self._tasks = []
        # Each thread has a connection of its own that only it can close: the barrier gives each of them one turn.
        for threads, count in ((self._threads, _THREADS), (self._quick_threads, _QUICK_THREADS)):
            barrier = Barrier(count)
            closing = (self._on(threads, partial(_close_connections, barrier)) for _ in range(count))
            await asyncio.gather(*closing)
            threads.shutdown(wait=True)

    def _start(self) -> None:
        if self._tasks:
            return
        self._checked_at = monotonic()
        self._tasks = [
            asyncio.create_task(self._forever(self._listen, 1), name="live-listen"),
            asyncio.create_task(self._forever(self._compare, self.pace.compare_seconds), name="live-compare"),
            asyncio.create_task(self._forever(self._check, self.pace.rights_seconds), name="live-rights"),
            asyncio.create_task(
                self._forever(self._beat, self.pace.heartbeat_seconds / _BEATS_PER_HEARTBEAT),
                name="live-beat",
            ),
        ]

    async def _forever(self, act: Callable[[], Any], pause_seconds: float) -> None:
        while True:
            try:
                await act()
            except Exception as error:  # noqa: BLE001  PostgreSQL or Valkey is away: the next turn tries again
                log.warning("live_turn_failed", turn=act.__name__, error=str(error))
            await asyncio.sleep(pause_seconds)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        if layer is None:
            return
        channel = await layer.new_channel()
        await layer.group_add(WAKE_GROUP, channel)
        while True:
            message = await layer.receive(channel)
            feed = self._feeds.get(message.get("stream", ""))
            if feed is not None:
                feed.wake()

    async def _beat(self) -> None:
        now = monotonic()
        for line in self._lines:
            if now >= line.beats_at:
                line.beats_at = now + self.pace.heartbeat_seconds
                line.beat = True
                line.awake.set()

    async def _compare(self) -> None:
        streams = [feed.stream for feed in self._feeds.values()]
        if not streams:
            return
        heads = await self.run_quickly(lambda: reading.heads(streams))
        for feed in list(self._feeds.values()):
            feed.compare(heads.get(feed.stream.name))

    async def _check(self) -> None:
        lines = list(self._lines)
        if not lines:
            self._checked_at = monotonic()
            return
        seats = list({line.seat for line in lines})
        try:
            lost = await self.run_quickly(lambda: rights.lost(seats))
        except Exception:
            if monotonic() - self._checked_at > self.pace.unchecked_seconds:
                for line in lines:
                    line.close(TRY_LATER, "Your rights cannot be checked at the moment.")
            raise
        self._checked_at = monotonic()
        for line in lines:
            if loss := lost.get(line.seat):
                line.close(SIGNED_OUT if loss.signed_out else RIGHT_LOST, loss.why)


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Asks until they are gone: a library that is just connecting swallows a cancellation now and then."""
    everything = list(tasks)
    while pending := [task for task in everything if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.2)
    for task in everything:
        if not task.cancelled():
            task.exception()  # looked at, so that it is not reported as forgotten


def _close_connections(barrier: Barrier) -> None:
    connections.close_all()
    barrier.wait()


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def of_this_process() -> Hub:
    """A server runs one loop; tests run one after the other."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


def sockets_of_this_process() -> int:
    """For /metrics, from any thread."""
    return sum(hub.sockets for hub in list(_hubs.values()))
