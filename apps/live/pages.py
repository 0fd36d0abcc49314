"""The socket of a page: one for everything it shows. The page says what it follows, and may change its mind.

    {"type": "follow", "stream": "activity", "after": 12, "html": false}
    {"type": "follow", "stream": "rollout:<id or number>"}      without `after`: what comes from now on
    {"type": "leave", "stream": "rollout:<id or number>"}

are answered by `following` (with the stream's own name, what was `asked`, and the head), `refused` (with why) or `left`;
everything pushed carries its `stream`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from time import monotonic
from typing import Any

from apps.core.problems import Problem
from apps.live import reading
from apps.live.clients import Line
from apps.live.hub import Hub
from apps.live.rights import access_stream
from apps.live.sockets import Receive, Send, Socket
from apps.live.streams import Stream
from apps.organizations.access import Actor

MOST_STREAMS = 16
LONGEST_WISH = 512  # characters; a stream's name and a number
_BURST, _PER_SECOND = 64, 4.0  # wishes: each costs a look into the database
TOO_MUCH = 1008


@dataclass(frozen=True, slots=True)
class Wish:
    kind: str
    stream: str
    after: int | None  # None: from now on
    html: bool | None


class Page:
    def __init__(
        self, hub: Hub, line: Line, actor: Actor, receive: Receive, send: Send, *, html: bool
    ) -> None:
        self._socket = Socket(hub, line, send)
        self._hub, self._line, self._actor = hub, line, actor
        self._receive, self._html = receive, html
        self._allowance, self._counted_at = float(_BURST), monotonic()
        self._called: dict[str, Stream] = {}

    async def until_closed(self) -> None:
        await self._socket.say(reading.frame("hello", viewers=self._hub.sockets))
        await self._socket.until_closed()

    async def hang_up(self) -> None:
        await self._socket.hang_up()

    async def until_gone(self) -> None:
        """One wish after the other: whoever wishes faster than the database answers waits in his own socket."""
        while (message := await self._receive())["type"] != "websocket.disconnect":
            if self._line.closing is not None:
                continue
            text = message.get("text")
            if text is None or len(text) > LONGEST_WISH or not self._may_wish():
                self._line.close(TOO_MUCH, "That is more than a page has to say.")
            elif (wish := read_wish(text)) is None:
                self._line.close(TOO_MUCH, "That is nothing that a page says.")
            else:
                await (self._follow(wish) if wish.kind == "follow" else self._leave(wish))

    def _may_wish(self) -> bool:
        now = monotonic()
        self._allowance = min(_BURST, self._allowance + (now - self._counted_at) * _PER_SECOND)
        self._counted_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    async def _follow(self, wish: Wish) -> None:
        try:
            stream = await self._hub.run(lambda: access_stream(self._actor, wish.stream))
        except Problem as problem:
            await self._refuse(wish, problem.status, problem.sentence)
            return
        if stream in self._socket.talks:
            await self._socket.leave(stream)  # it says anew what it has
        elif len(self._socket.talks) >= MOST_STREAMS:
            await self._refuse(wish, 429, f"A page follows at most {MOST_STREAMS} streams.")
            return
        self._called[wish.stream] = self._called[stream.label] = stream
        html = self._html if wish.html is None else wish.html
        greeting = {"kind": "following", "stream": stream.label, "asked": wish.stream}
        self._socket.follow(stream, after=wish.after, html=html, greeting=greeting)

    async def _leave(self, wish: Wish) -> None:
        stream = self._called.get(wish.stream)
        if stream is None or stream not in self._socket.talks:
            return
        await self._socket.leave(stream)
        self._called = {name: known for name, known in self._called.items() if known != stream}
        await self._socket.say(reading.frame("left", stream=stream.label))

    async def _refuse(self, wish: Wish, status: int, why: str) -> None:
        await self._socket.say(reading.frame("refused", stream=wish.stream, status=status, why=why))


def read_wish(text: str) -> Wish | None:
    try:
        said: Any = json.loads(text)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    kind, stream, after, html = (said.get(name) for name in ("type", "stream", "after", "html"))
    if kind not in {"follow", "leave"} or not isinstance(stream, str):
        return None
    if not (after is None or (type(after) is int and 0 <= after < 10**15)):
        return None
    if not (html is None or isinstance(html, bool)):
        return None
    return Wish(kind, stream, after, html)
