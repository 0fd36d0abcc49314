"""The ASGI application: tokens checked, bodies read, answers and watches written."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from slipway.sandbox.api import Answer, Api, Request, Stream, as_json
from slipway.sandbox.errors import ApiError

LARGEST_BODY = 3 * 1024 * 1024  # as a real server's request limit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger("slipway.sandbox")


class Server:
    def __init__(self, api: Api, token: str) -> None:
        self._api = api
        self._expected = f"Bearer {token}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(
            scope["method"],
            scope["path"],
            dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers,
        )
        try:
            self._authenticate(request)
            if request.method in ("POST", "PUT", "PATCH", "DELETE"):
                request.body = await _body(receive)
            answer = self._api.answer(request)
        except ApiError as error:
            answer = as_json(error.status(), error.code)
        except Exception:  # the last line: one request's bug must not end the process
            log.exception("%s %s", request.method, request.path)
            failure = ApiError(500, "InternalError", "Internal error occurred: see the sandbox's log")
            answer = as_json(failure.status(), failure.code)
        if isinstance(answer, Stream):
            await _stream(answer, receive, send)
        else:
            await _whole(answer, send)

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not secrets.compare_digest(given.encode(), self._expected.encode()):
            raise ApiError(401, "Unauthorized", "Unauthorized")


async def _body(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ApiError(400, "BadRequest", "the client went away")
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST_BODY:
            raise ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {LARGEST_BODY}")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _whole(answer: Answer, send: Send) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-cache, private"),
    ]
    headers += [(b"warning", f"299 - {json.dumps(text)}".encode()) for text in answer.warnings]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _stream(stream: Stream, receive: Receive, send: Send) -> None:
    """Ends when the lines end or the client goes, whichever is first."""
    started = False

    async def start() -> None:
        nonlocal started
        if not started:
            started = True
            headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-cache, private")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def write() -> None:
        async for line in stream.lines:
            await start()
            await send({"type": "http.response.body", "body": line, "more_body": True})

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    await start()
    # the first bytes open the watch on the client's side even when nothing has changed yet
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    writing, leaving = asyncio.create_task(write()), asyncio.create_task(gone())
    await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
    for task in (writing, leaving):
        task.cancel()
    results = await asyncio.gather(writing, leaving, return_exceptions=True)
    if isinstance(results[0], Exception):
        log.error("watch ended by %r", results[0])
    if not isinstance(results[1], asyncio.CancelledError):
        return
    await send({"type": "http.response.body", "body": b""})
