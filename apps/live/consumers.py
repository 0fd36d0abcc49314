"""The socket itself: handshake, replay, then whatever the hub has for it. Plain ASGI: Channels' own consumer hops to
the shared database thread at every message, which is where sockets would queue up behind each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http.request import validate_host

from apps.core.problems import Problem, Unauthenticated
from apps.live import hub as hubs
from apps.live import reading
from apps.live.clients import Client
from apps.live.feeds import Feed
from apps.live.hub import RIGHT_LOST, SIGNED_OUT, TRY_LATER, Hub, end
from apps.live.rights import Knock, take_seat

log = structlog.get_logger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

NO_SUCH_THING = 4404


class Consumer:
    def __init__(self, hub: Hub | None = None) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        bearer = _bearer(headers)
        if not _comes_from_us(headers, signed_by_token=bearer is not None):
            await send({"type": "websocket.close", "code": RIGHT_LOST})  # before accepting: HTTP 403
            return
        await send({"type": "websocket.accept"})
        watching = asyncio.create_task(_until_gone(receive))
        talking = asyncio.create_task(self._talk(scope, headers, bearer, send))
        try:
            await asyncio.wait({watching, talking}, return_when=asyncio.FIRST_COMPLETED)
            if talking.done() and not watching.done():
                talking.result()
        except OSError:
            pass  # the client went away in the middle of a frame
        except DatabaseError as error:
            log.warning("socket_given_up", error=str(error))
            await _close(send, TRY_LATER, "The database does not answer.")
        finally:
            await end([watching, talking])

    async def _talk(self, scope: Scope, headers: dict[str, str], bearer: str | None, send: Send) -> None:
        hub = self._hub or hubs.of_this_process()
        places = scope["url_route"]["kwargs"]
        knock = Knock(
            slug=places["slug"],
            rollout=places.get("rollout"),
            cookies=_cookies(headers),
            bearer=bearer,
            address=(scope.get("client") or [""])[0],
        )
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        after = query.get("after", ["0"])[0]
        try:
            seat, stream = await hub.run(lambda: take_seat(knock))
        except Unauthenticated as problem:
            await _close(send, SIGNED_OUT, problem.sentence)
            return
        except Problem as problem:
            await _close(send, NO_SUCH_THING if problem.status == 404 else RIGHT_LOST, problem.sentence)
            return
        client = Client(
            seat=seat,
            position=int(after) if after.isdecimal() and len(after) < 16 else 0,
            html=query.get("html", [""])[0] == "1",
            capacity=hub.pace.capacity,
        )
        feed = await hub.join(stream, client)
        try:
            await Conversation(hub, feed, client, send).go_on()
        finally:
            hub.leave(feed, client)


class Conversation:
    def __init__(self, hub: Hub, feed: Feed, client: Client, send: Send) -> None:
        self._hub, self._feed, self._client, self._send = hub, feed, client, send

    async def go_on(self) -> None:
        feed, client = self._feed, self._client
        await self._say("hello", stream=feed.stream.name, head=feed.head)
        if client.position > feed.head:
            # It knows more than the database: another one, or one that was restored.
            await self._snapshot()
        await self._catch_up()
        while True:
            # No timer per socket: with hundreds of them setting and taking down timers costs as much as sending.
            await client.awake.wait()
            client.awake.clear()
            if client.closing is not None:
                await _close(self._send, *client.closing)
                return
            if client.overrun:
                await self._snapshot()
                await self._catch_up()
                continue
            while client.queue and client.closing is None and not client.overrun:
                await self._text(client.queue.popleft())
            if client.stale and not client.overrun:
                await self._text(feed.fragments_text(client))
            if client.beat:
                client.beat = False
                await self._say("heartbeat", head=feed.head)

    async def _catch_up(self) -> None:
        """From the database up to the feed's head. Nothing is awaited between the last look at that head and the
        moment the feed takes over, and the feed leaves out what was read already: no gap, no repetition."""
        feed, client = self._feed, self._client
        while client.position < feed.head and client.closing is None:
            if feed.head - client.position > self._hub.pace.far_behind:
                await self._snapshot()
                continue
            after = client.position
            rows = await self._hub.run(lambda after=after: reading.rows_after(feed.stream, after))  # type: ignore[misc]  # a lambda's default
            if not rows or rows[0].number != after + 1:
                await self._snapshot()  # what is missing was removed by retention
                continue
            for row in rows:
                await self._text(row.text)
                client.position = row.number
        client.catching_up = False
        feed.greet(client)

    async def _snapshot(self) -> None:
        client = self._client
        client.catching_up, client.overrun = True, False
        client.queue.clear()
        client.shown.clear()
        snapshot = await self._hub.snapshot(self._feed.stream)
        await self._text(snapshot.text)
        client.position = snapshot.head

    async def _say(self, kind: str, **content: Any) -> None:
        await self._text(reading.frame(kind, **content))

    async def _text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """For paths that lead nowhere."""
    await receive()
    await send({"type": "websocket.close", "code": NO_SUCH_THING})


async def _until_gone(receive: Receive) -> None:
    """Clients say nothing; whatever they send is dropped."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _close(send: Send, code: int, why: str) -> None:
    await send({"type": "websocket.send", "text": reading.frame("closing", why=why)})
    await send({"type": "websocket.close", "code": code, "reason": why[:120]})


def _bearer(headers: dict[str, str]) -> str | None:
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def _cookies(headers: dict[str, str]) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def _comes_from_us(headers: dict[str, str], *, signed_by_token: bool) -> bool:
    """Browsers send cookies to whoever asks and say who asked; programs with a token say nothing."""
    origin = headers.get("origin")
    if origin is None:
        return signed_by_token
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    host = headers.get("host", "")
    name = urlsplit(f"//{host}").hostname or ""
    return urlsplit(origin).netloc == host and validate_host(name, settings.ALLOWED_HOSTS)
