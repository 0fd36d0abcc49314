"""One stream on one socket: what was missed, then whatever the feed has for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from apps.live import reading
from apps.live.clients import Client
from apps.live.feeds import Feed
from apps.live.hub import Hub

Say = Callable[[str], Awaitable[None]]


class Conversation:
    def __init__(self, hub: Hub, feed: Feed, client: Client, say: Say) -> None:
        self._hub, self._feed, self._client, self._say = hub, feed, client, say

    async def go_on(self, kind: str, **content: Any) -> None:
        """Greets with that frame and the head, and never ends by itself."""
        feed, client = self._feed, self._client
        await self._say(reading.frame(kind, head=feed.head, **content))
        if client.position > feed.head:
            # It knows more than the database: another one, or one that was restored.
            await self._snapshot()
        await self._catch_up()
        while True:
            # No timer per stream: with hundreds of them setting and taking down timers costs as much as sending.
            await client.awake.wait()
            client.awake.clear()
            if client.overrun:
                await self._snapshot()
                await self._catch_up()
                continue
            while client.queue and not client.overrun:
                await self._say(client.queue.popleft())
            if client.stale and not client.overrun:
                await self._say(feed.fragments_text(client))

    async def _catch_up(self) -> None:
        """From the database up to the feed's head. Nothing is awaited between the last look at that head and the
        moment the feed takes over, and the feed leaves out what was read already: no gap, no repetition."""
        feed, client = self._feed, self._client
        while client.position < feed.head:
            if feed.head - client.position > self._hub.pace.far_behind:
                await self._snapshot()
                continue
            after = client.position
            rows = await self._hub.run(lambda after=after: reading.rows_after(feed.stream, after))  # type: ignore[misc]  # a lambda's default
            if not rows or rows[0].number != after + 1:
                await self._snapshot()  # what is missing was removed by retention
                continue
            for row in rows:
                await self._say(row.text)
                client.position = row.number
        client.catching_up = False
        feed.greet(client)

    async def _snapshot(self) -> None:
        client = self._client
        client.catching_up, client.overrun = True, False
        client.queue.clear()
        client.shown.clear()
        snapshot = await self._hub.snapshot(self._feed.stream)
        await self._say(snapshot.text)
        client.position = snapshot.head
