"""A rollout's numbered events: live over a websocket, else by asking again and again. No gap, nothing twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from slipway.cli.client import Api, Json
from slipway.cli.outcomes import CommandFailed

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_SILENCE_SECONDS = 25.0  # a heartbeat comes every 10
_POLL_SECONDS = 2.0
_TRIES_BEFORE_POLLING = 3
_TICK_SECONDS = 0.5
_FINAL = {4401, 4403, 4404}


@dataclass(frozen=True, slots=True)
class Told:
    """An event; or, with number 0, a moment in which to look at the clock."""

    number: int = 0
    at: str = ""
    kind: str = ""
    body: Any = None


class Source:
    def __init__(
        self, api: Api, rollout_id: str, *, after: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._api = api
        self._id = rollout_id
        self._sleep = sleep
        self.after = after
        self.live = False  # by the socket

    def __iter__(self) -> Iterator[Told]:
        """Endless. A tick at least every two seconds; CommandFailed when the right to see it is gone."""
        lost = 0
        while True:
            try:
                with self._connect() as socket:
                    for told in self._listen(socket):
                        lost = 0 if self.live else lost
                        yield told
            except _Lost:
                self.live = False
            lost += 1
            # Sockets may be closed on the way (a proxy); the events are to be had by HTTP all the same.
            rounds = 1 if lost < _TRIES_BEFORE_POLLING else min(30, 2**lost)
            for _ in range(rounds):
                yield from self._ask()
                yield Told()
                self._sleep(_POLL_SECONDS if lost >= _TRIES_BEFORE_POLLING else 0.3 * lost)

    def _connect(self) -> ClientConnection:
        from websockets.exceptions import InvalidHandshake, WebSocketException
        from websockets.sync.client import connect

        account = self._api.account
        parts = urlsplit(account.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        where = f"/ws/organizations/{quote(account.organization)}/rollouts/{self._id}/?after={self.after}"
        try:
            return connect(
                f"{scheme}://{parts.netloc}{parts.path}{where}",
                additional_headers={"Authorization": f"Bearer {account.token}"},
                open_timeout=5,
                close_timeout=1,
                max_size=16 * 1024 * 1024,
            )
        except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as error:
            raise _Lost from error

    def _listen(self, socket: ClientConnection) -> Iterator[Told]:
        from websockets.exceptions import ConnectionClosed

        heard = time.monotonic()
        while True:
            try:
                frame = json.loads(socket.recv(timeout=_TICK_SECONDS))
            except TimeoutError:
                if time.monotonic() - heard > _SILENCE_SECONDS:
                    raise _Lost from None
                yield Told()
                continue
            except ConnectionClosed as end:
                if end.rcvd is not None and end.rcvd.code in _FINAL:
                    raise CommandFailed(
                        end.rcvd.reason or "Slipway shows you this rollout no more."
                    ) from None
                raise _Lost from end
            heard = time.monotonic()
            self.live = True
            yield from self._read(frame)

    def _read(self, frame: Json) -> Iterator[Told]:
        match frame.get("type"):
            case "event" if frame["number"] > self.after:
                self.after = frame["number"]
                yield Told(frame["number"], frame["at"], frame["kind"], frame["body"])
            case "snapshot":
                # We were too slow for the socket; what it left out is still in the database.
                yield from self._ask()
            case "closing":
                raise CommandFailed(str(frame.get("why", "Slipway closed the view.")))
            case _:
                yield Told()

    def _ask(self) -> Iterator[Told]:
        """What the database has beyond what we have."""
        while True:
            answer = self._api.get(self._api.inside("rollouts", self._id, "events"), after=self.after)
            for event in answer["items"]:
                self.after = event["number"]
                yield Told(event["number"], event["at"], event["kind"], event["body"])
            if answer["next"] is None:
                return


class _Lost(Exception):
    """The socket is gone or never was."""
