"""An open socket: the streams that are followed on it, its heartbeat, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.db import DatabaseError

from apps.live import reading
from apps.live.clients import Client, Line
from apps.live.conversations import Conversation
from apps.live.feeds import Feed
from apps.live.hub import TRY_LATER, Hub, end
from apps.live.streams import Stream

log = structlog.get_logger(__name__)

FROM_NOW_ON = -1

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Socket:
    def __init__(self, hub: Hub, line: Line, send: Send) -> None:
        self.hub, self.line = hub, line
        self._send = send
        self.talks: dict[Stream, asyncio.Task[None]] = {}

    def follow(self, stream: Stream, *, after: int | None, html: bool, greeting: dict[str, Any]) -> None:
        """On a task of its own: a stream that is far behind, or slow to read, holds up no other."""
        client = Client(
            position=FROM_NOW_ON if after is None else after, html=html, capacity=self.hub.pace.capacity
        )
        task = asyncio.create_task(self._talk(stream, client, greeting))
        task.add_done_callback(self._look_at)
        self.talks[stream] = task

    async def leave(self, stream: Stream) -> None:
        await end([self.talks.pop(stream)])

    async def until_closed(self, *, head_of: Stream | None = None) -> None:
        """Sends heartbeats until the line must close; then says why. `head_of` is the one stream of a socket that
        follows no other: its heartbeat carries the head."""
        while True:
            await self.line.awake.wait()
            self.line.awake.clear()
            if self.line.closing is not None:
                await self.hang_up()
                await close(self._send, *self.line.closing)
                return
            if self.line.beat:
                self.line.beat = False
                facts = {"viewers": self.hub.sockets} if head_of is None else {"head": self.hub.head(head_of)}
                await self.say(reading.frame("heartbeat", **facts))

    async def hang_up(self) -> None:
        talks, self.talks = self.talks, {}
        await end(talks.values())

    async def say(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def _talk(self, stream: Stream, client: Client, greeting: dict[str, Any]) -> None:
        feed: Feed = await self.hub.join(stream, client)
        if client.position == FROM_NOW_ON:
            client.position = feed.head
        try:
            await Conversation(self.hub, feed, client, self.say).go_on(**greeting)
        finally:
            self.hub.leave(feed, client)

    def _look_at(self, talk: asyncio.Task[None]) -> None:
        """A conversation ends by being left; what else ended it ends the socket, which then comes back for all."""
        if talk.cancelled():
            return
        error = talk.exception()
        if isinstance(error, OSError):
            return  # the client went away in the middle of a frame, and the receiving side hears of it
        if isinstance(error, DatabaseError):
            log.warning("socket_given_up", error=str(error))
        elif error is not None:
            log.error("socket_given_up", exc_info=error)
        self.line.close(TRY_LATER, "The database does not answer.")


async def close(send: Send, code: int, why: str) -> None:
    await send({"type": "websocket.send", "text": reading.frame("closing", why=why)})
    await send({"type": "websocket.close", "code": code, "reason": why[:120]})
