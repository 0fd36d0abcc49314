"""One stream in one process: read once, fanned out in number order to everybody who follows it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

import structlog

from apps.live import reading, registry
from apps.live.clients import Client
from apps.live.streams import Head, Row, Stream

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Run(Protocol):
    """Has the function carried out on a thread that may ask the database."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]: ...


RENDER_PAUSE_SECONDS = 0.08  # a burst of events is one rendering
MOST_UNRENDERED = 1000


class Feed:
    def __init__(
        self,
        stream: Stream,
        *,
        read: Run,
        render: Run,
        render_pause: float = RENDER_PAUSE_SECONDS,
    ) -> None:
        self.stream = stream
        self.head = 0
        self.mark = ""
        self.clients: set[Client] = set()
        self._run_read, self._run_render = read, render
        self._render_pause = render_pause
        self._wanted = asyncio.Event()
        self._render_wanted = asyncio.Event()
        self._unrendered: list[Row] = []
        self._html: dict[str, str] = {}
        self._marks: dict[str, int] = {}
        self._html_number = 0
        self._texts: dict[frozenset[str], str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._opened: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Every caller waits for the one first look at the head."""
        if self._opened is None:
            self._opened = asyncio.create_task(self._open())
        await asyncio.shield(self._opened)

    async def _open(self) -> None:
        found = await self._run_read(lambda: reading.heads([self.stream]))
        head = found.get(self.stream.name, Head(0))
        self.head, self.mark = head.number, head.mark
        self._tasks = [asyncio.create_task(self._read_on()), asyncio.create_task(self._render_on())]

    def close(self) -> None:
        for task in [*self._tasks, *([self._opened] if self._opened else [])]:
            task.cancel()

    def wake(self) -> None:
        self._wanted.set()

    def compare(self, head: Head | None) -> None:
        """Every 2 s, with what the database says: a lost wake-up shows here."""
        if head is None:
            return
        if head.number > self.head:
            self._wanted.set()
        if head.mark != self.mark:
            self.mark = head.mark
            self.want_rendering()

    def want_rendering(self) -> None:
        if any(client.html for client in self.clients):
            self._render_wanted.set()
        else:
            self._forget()

    def greet(self, client: Client) -> None:
        """A page that has just caught up is given every fragment in its newest form."""
        if not client.html:
            return
        client.offer_fragments(self._marks)
        if self._html_number < self.head:
            self._render_wanted.set()

    def fragments_text(self, client: Client) -> str:
        """Written once for all clients that lack the same fragments."""
        keys = frozenset(key for key in client.stale if key in self._html)
        client.stale.clear()
        client.shown.update({key: self._marks[key] for key in keys})
        if keys not in self._texts:
            html = {key: self._html[key] for key in sorted(keys)}
            self._texts[keys] = reading.frame(
                "fragments", stream=self.stream.label, number=self._html_number, html=html
            )
        return self._texts[keys]

    async def _read_on(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._read()
            except Exception as error:  # noqa: BLE001  the database is away: the next comparison asks again
                log.warning("feed_not_read", stream=self.stream.name, error=str(error))

    async def _read(self) -> None:
        while True:
            rows = await self._run_read(partial(reading.rows_after, self.stream, self.head))
            for row in rows:
                for client in self.clients:
                    client.offer(row)
                self.head = row.number
            if rows:
                self._unrendered = [*self._unrendered, *rows][-MOST_UNRENDERED:]
                self.want_rendering()
            if len(rows) < reading.PAGE:
                return

    async def _render_on(self) -> None:
        while True:
            await self._render_wanted.wait()
            self._render_wanted.clear()
            rows, self._unrendered = self._unrendered, []
            try:
                fragments = await self._run_render(partial(registry.render, self.stream, rows))
            except Exception:
                log.exception("fragments_not_rendered", stream=self.stream.name)
                await asyncio.sleep(1)
                continue
            self._html.update(fragments.html)
            self._marks.update({key: hash(text) for key, text in fragments.html.items()})
            self._html_number = fragments.number
            self._texts.clear()
            for client in self.clients:
                if not client.catching_up:
                    client.offer_fragments(self._marks)
            await asyncio.sleep(self._render_pause)

    def _forget(self) -> None:
        """Nobody looks: what was rendered grows old, and the next page that joins has it rendered anew."""
        self._html.clear()
        self._marks.clear()
        self._unrendered.clear()
        self._html_number = 0
