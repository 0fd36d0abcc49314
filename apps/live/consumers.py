"""The door of the sockets: handshake, who it is, and then a page or a single stream. Plain ASGI: Channels' own consumer
hops to the shared database thread at every message, which is where sockets would queue up behind each other."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http.request import validate_host

from apps.core.problems import Problem, Unauthenticated
from apps.live import hub as hubs
from apps.live.clients import Line
from apps.live.hub import RIGHT_LOST, SIGNED_OUT, TRY_LATER, Hub, end
from apps.live.pages import Page
from apps.live.rights import Knock, Seat, access_stream, take_seat
from apps.live.sockets import Receive, Send, Socket, close
from apps.live.streams import Stream
from apps.organizations.access import Actor

log = structlog.get_logger(__name__)

Scope = dict[str, Any]

NO_SUCH_THING = 4404


class Consumer:
    """`page`: the page itself says what it follows; else the address says it."""

    def __init__(self, hub: Hub | None = None, *, page: bool = False) -> None:
        self._hub, self._page = hub, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        bearer = _bearer(headers)
        if not _comes_from_us(headers, signed_by_token=bearer is not None):
            await send({"type": "websocket.close", "code": RIGHT_LOST})  # before accepting: HTTP 403
            return
        await send({"type": "websocket.accept"})
        hub = self._hub or hubs.of_this_process()
        knock = Knock(
            slug=scope["url_route"]["kwargs"]["slug"],
            cookies=_cookies(headers),
            bearer=bearer,
            address=(scope.get("client") or [""])[0],
        )
        try:
            await self.open(hub, knock, scope, receive, send)
        except Unauthenticated as problem:
            await close(send, SIGNED_OUT, problem.sentence)
        except Problem as problem:
            await close(send, NO_SUCH_THING if problem.status == 404 else RIGHT_LOST, problem.sentence)
        except OSError:
            pass  # the client went away in the middle of a frame
        except DatabaseError as error:
            log.warning("socket_given_up", error=str(error))
            await close(send, TRY_LATER, "The database does not answer.")

    async def open(self, hub: Hub, knock: Knock, scope: Scope, receive: Receive, send: Send) -> None:
        """What is said on an accepted socket; a Problem that it raises closes it, in words."""
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        html = query.get("html", [""])[0] == "1"
        if self._page:
            await self._open_page(hub, knock, receive, send, html=html)
        else:
            after = query.get("after", ["0"])[0]
            asked = _asked(scope["url_route"]["kwargs"])
            await self._open_stream(hub, knock, receive, send, asked=asked, after=after, html=html)

    async def _open_page(self, hub: Hub, knock: Knock, receive: Receive, send: Send, *, html: bool) -> None:
        actor, seat = await hub.run(lambda: take_seat(knock))
        line = Line(seat)
        with hub.seated(line):
            page = Page(hub, line, actor, receive, send, html=html)
            try:
                await whichever_ends_first(page.until_gone(), page.until_closed())
            finally:
                await page.hang_up()

    async def _open_stream(
        self, hub: Hub, knock: Knock, receive: Receive, send: Send, *, asked: str, after: str, html: bool
    ) -> None:
        _, seat, stream = await hub.run(lambda: _take_seat_for(knock, asked))
        line = Line(seat)
        with hub.seated(line):
            socket = Socket(hub, line, send)
            position = int(after) if after.isdecimal() and len(after) < 16 else 0
            socket.follow(
                stream, after=position, html=html, greeting={"kind": "hello", "stream": stream.name}
            )
            try:
                await whichever_ends_first(until_gone(receive), socket.until_closed(head_of=stream))
            finally:
                await socket.hang_up()


def _take_seat_for(knock: Knock, asked: str) -> tuple[Actor, Seat, Stream]:
    actor, seat = take_seat(knock)
    return actor, seat, access_stream(actor, asked)


async def whichever_ends_first(*coroutines: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        await end(tasks)


def _asked(places: dict[str, Any]) -> str:
    return f"rollout:{places['rollout']}" if "rollout" in places else "activity"


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """For paths that lead nowhere."""
    await receive()
    await send({"type": "websocket.close", "code": NO_SUCH_THING})


async def until_gone(receive: Receive) -> None:
    """What the address says is followed; whatever else is sent is dropped."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


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
