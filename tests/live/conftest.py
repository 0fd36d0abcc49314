from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from tests.people import (
    PASSWORD,
    People,
    actor,
    make_application,
    make_cluster,
    make_environments,
    make_release,
    target_of,
)

T = TypeVar("T")
SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.test/web:1"}]}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A rollout that waits, and its people. Everything is committed."""

    people: People
    rollout: Any

    @property
    def path(self) -> str:
        return f"/ws/organizations/acme/rollouts/{self.rollout.id}/"

    def append(self, count: int, *, kind: str = "observed", silently: bool = False) -> int:
        """One event per commit, as the worker writes them. Answers the newest number. `silently` loses the wake-ups."""
        from django.utils import timezone

        from apps.audit.services import SYSTEM
        from apps.core import scopes, wake
        from apps.rollouts.models import Rollout
        from apps.rollouts.services.recording import commit_rollout
        from slipway.engine.state import EngineEvent

        kept = wake.announce
        if silently:
            wake.announce = lambda stream, number: None
        try:
            for _ in range(count):
                with scopes.organization(self.people.acme.id):
                    row = (
                        Rollout.objects.select_for_update(of=("self",))
                        .select_related("application", "environment", "release", "target")
                        .get(id=self.rollout.id)
                    )
                    body = {"objects": {}, "pods": {}, "gone_pods": [], "place": row.event_number + 1}
                    commit_rollout(
                        row,
                        by=SYSTEM,
                        at=timezone.now(),
                        before=row.phase,
                        events=[EngineEvent(kind, body)],
                    )
                number = row.event_number
        finally:
            wake.announce = kept
        return number


@pytest.fixture
def place(transactional_database: str, people: People) -> Place:
    from apps.core import scopes
    from apps.rollouts.services.starting import start_rollout

    ana = actor(people.ana, people.acme)
    environments = make_environments(ana, [make_cluster(ana)])
    application = make_application(ana, slug="shop")
    release = make_release(ana, application, "v1", SHOP)
    target = target_of(ana, application, environments["production"])
    with scopes.organization(people.acme.id):
        rollout = start_rollout(ana, target, release).rollout
    return Place(people, rollout)


async def in_thread(function: Callable[[], T]) -> T:
    """With a database connection of its own, closed with the work."""

    def work() -> T:
        from django.db import connections

        try:
            return function()
        finally:
            connections.close_all()

    return await asyncio.to_thread(work)


@pytest.fixture
async def hub() -> AsyncIterator[Any]:
    """With intervals that a test can wait for."""
    from apps.live.hub import Hub, Pace

    hub = Hub(Pace(compare_seconds=0.5, rights_seconds=0.3, heartbeat_seconds=5))
    yield hub
    await hub.close()


class Socket:
    """A client of the sockets' application, one frame at a time; `hold()` makes it read nothing, as a slow one."""

    def __init__(self, app: Any, path: str, headers: dict[str, str]) -> None:
        path, _, query = path.partition("?")
        self.frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.accepted = False
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._may_send = asyncio.Event()
        self._may_send.set()
        self._incoming.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ["127.0.0.1", 1],
            "subprotocols": [],
        }
        self._task = asyncio.create_task(app(scope, self._incoming.get, self._take))

    async def _take(self, message: dict[str, Any]) -> None:
        await self._may_send.wait()
        if message["type"] == "websocket.accept":
            self.accepted = True
        elif message["type"] == "websocket.close":
            self.closed.set_result(message["code"])
        else:
            self.frames.put_nowait(json.loads(message["text"]))

    async def next(self, *, within: float = 10) -> dict[str, Any]:
        async with asyncio.timeout(within):
            return await self.frames.get()

    async def next_event(self, *, within: float = 10) -> dict[str, Any]:
        async with asyncio.timeout(within):
            while (frame := await self.frames.get())["type"] != "event":
                pass
            return frame

    async def numbers_until(self, last: int, *, within: float = 30) -> list[int]:
        """The events' numbers in the order in which they came, up to `last`."""
        found: list[int] = []
        async with asyncio.timeout(within):
            while not found or found[-1] < last:
                frame = await self.frames.get()
                if frame["type"] == "event":
                    found.append(frame["number"])
        return found

    def say(self, **wish: Any) -> None:
        self.say_text(json.dumps(wish))

    def say_text(self, text: str) -> None:
        self._incoming.put_nowait({"type": "websocket.receive", "text": text})

    async def next_of(self, *kinds: str, within: float = 10) -> dict[str, Any]:
        """The next frame of these kinds; others are passed over."""
        async with asyncio.timeout(within):
            while (frame := await self.frames.get())["type"] not in kinds:
                pass
            return frame

    def hold(self) -> None:
        self._may_send.clear()

    def go_on(self) -> None:
        self._may_send.set()

    async def leave(self) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        self._may_send.set()
        await self._task


@pytest.fixture
async def dial(place: Place, hub: Any) -> AsyncIterator[Callable[..., Any]]:
    """`await dial(path, user=…)`: signed in as that person by session, from our own origin."""
    from apps.live.routing import sockets

    app = sockets(hub)
    opened: list[Socket] = []

    async def open_socket(
        path: str = "", *, user: Any = None, origin: str | None = "http://testserver", token: str = ""
    ) -> Socket:
        headers = {"host": "testserver"}
        if origin:
            headers["origin"] = origin
        if user is not None:
            headers["cookie"] = await in_thread(lambda: session_cookie(user))
        if token:
            headers["authorization"] = f"Bearer {token}"
        socket = Socket(app, path or place.path, headers)
        opened.append(socket)
        return socket

    yield open_socket
    for socket in opened:
        await socket.leave()


def session_cookie(user: Any) -> str:
    from django.conf import settings
    from django.test import Client

    browser = Client()
    assert browser.login(email=user.email, password=PASSWORD)
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
