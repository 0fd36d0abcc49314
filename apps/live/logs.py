"""The socket on which a pod's output is followed: one socket per log, apart from the page's own, so that a container
that writes a lot holds up nothing else."""

from __future__ import annotations

import asyncio
import weakref
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from django.db import DatabaseError

from apps.clusters.models import Cluster as ClusterRow
from apps.clusters.services import connect
from apps.core import scopes
from apps.core.problems import NotFound, Problem, Unauthenticated
from apps.live import reading
from apps.live.clients import Line
from apps.live.consumers import Consumer, Scope, until_gone, whichever_ends_first
from apps.live.hub import RIGHT_LOST, SIGNED_OUT, TRY_LATER, Hub
from apps.live.rights import Knock, Seat, take_seat
from apps.live.sockets import Receive, Send, close
from apps.live.tails import Desk, Tail, Wanted
from apps.organizations.access import Right
from apps.rollouts.access import access_rollout
from slipway.engine.objects import ObjectKey

RIGHTS_SECONDS = 4.0
PAUSE_SECONDS = 0.05  # between two batches: twenty paintings a second are enough for anybody
MOST_LINES = 5_000  # that may be asked for at once


@dataclass(frozen=True, slots=True)
class Place:
    seat: Seat
    cluster: ClusterRow
    namespace: str
    pod: str


def access_pod(knock: Knock, rollout: int, uid: str) -> Place:
    """Raises Unauthenticated, Forbidden, NotFound. Asked again while the log is open: roles and grants change."""
    actor, seat = take_seat(knock)
    with scopes.organization(actor.organization_id):
        row = access_rollout(actor, rollout, Right.READ_LOGS)
        pod = (row.progress or {}).get("pods", {}).get(uid)
        if pod is None:
            raise NotFound("This pod is gone, and Kubernetes keeps no output of a pod that is gone.")
        namespace = ObjectKey.parse(pod["owner"]).namespace if pod["owner"] else ""
        # Read whole: what comes with the rollout has no credentials in it.
        cluster = ClusterRow.objects.get(id=row.target.cluster_id)
        return Place(seat, cluster, namespace or row.target.namespace, str(pod["name"]))


class LogConsumer(Consumer):
    def __init__(self, hub: Hub | None = None, *, desk: Desk | None = None) -> None:
        super().__init__(hub)
        self._desk = desk

    async def open(self, hub: Hub, knock: Knock, scope: Scope, receive: Receive, send: Send) -> None:
        places = scope["url_route"]["kwargs"]
        rollout, uid = int(places["number"]), places["uid"]
        place = await hub.run(lambda: access_pod(knock, rollout, uid))
        tail = Tail(lambda: connect(place.cluster), _wanted(place, uid, scope))
        line = Line(place.seat)
        with hub.seated(line):
            desk = self._desk or desk_of_this_process()
            if refusal := desk.begin(place.seat.user_id, tail):
                await close(send, TRY_LATER, refusal)
                return
            conversation = LogConversation(hub, line, tail, send)
            try:
                await whichever_ends_first(
                    until_gone(receive),
                    conversation.go_on(),
                    _while_the_right_lasts(hub, line, knock, rollout, uid),
                )
            finally:
                tail.close()


class LogConversation:
    def __init__(self, hub: Hub, line: Line, tail: Tail, send: Send) -> None:
        self._hub, self._line, self._tail, self._send = hub, line, tail, send

    async def go_on(self) -> None:
        """Until the line must close. One send at a time: while a viewer does not read, the buffer is what fills."""
        await self._say("hello")
        while True:
            await _either(self._line.awake, self._tail.awake)
            if self._line.closing is not None:
                await close(self._send, *self._line.closing)
                return
            if self._line.beat:
                self._line.beat = False
                await self._say("heartbeat")
            if self._tail.awake.is_set():
                self._tail.awake.clear()
                await self._send_batch()
                await asyncio.sleep(PAUSE_SECONDS)

    async def _send_batch(self) -> None:
        batch = self._tail.take()
        notes = [frame for frame in batch.said if frame["type"] != "state"]
        for frame in notes:
            await self._text(frame)
        if batch.skipped:
            await self._say("skipped", lines=batch.skipped)
        if batch.lines:
            await self._say("lines", lines=[[line.at, line.text, line.cut] for line in batch.lines])
        for frame in batch.said:
            if frame["type"] == "state":
                await self._text(frame)

    async def _say(self, kind: str, **content: Any) -> None:
        await self._send({"type": "websocket.send", "text": reading.frame(kind, **content)})

    async def _text(self, frame: dict[str, Any]) -> None:
        await self._say(frame["type"], **{name: value for name, value in frame.items() if name != "type"})


async def _while_the_right_lasts(hub: Hub, line: Line, knock: Knock, rollout: int, uid: str) -> None:
    """The hub asks whether somebody still belongs here; whether the role still lets them read logs is asked here.

    Ends one turn after the line was closed: a viewer that reads nothing would not let us say why."""
    while True:
        await asyncio.sleep(RIGHTS_SECONDS)
        if line.closing is not None:
            return
        try:
            await hub.run_quickly(lambda: access_pod(knock, rollout, uid))
        except Unauthenticated as problem:
            line.close(SIGNED_OUT, problem.sentence)
        except NotFound:
            # The pod has left the picture; what it wrote may still come. A stranger is told by the hub.
            continue
        except Problem as problem:
            line.close(RIGHT_LOST, problem.sentence)
        except DatabaseError:
            continue  # the hub closes the line when rights cannot be checked for long


async def _either(one: asyncio.Event, other: asyncio.Event) -> None:
    """Clears the first; the second is the caller's."""
    waits = [asyncio.ensure_future(one.wait()), asyncio.ensure_future(other.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    one.clear()


def _wanted(place: Place, uid: str, scope: Scope) -> Wanted:
    query = {
        name: values[0] for name, values in parse_qs(scope.get("query_string", b"").decode("latin-1")).items()
    }
    lines = query.get("lines", "")
    return Wanted(
        namespace=place.namespace,
        pod=place.pod,
        uid=uid,
        container=query.get("container", "")[:253],
        previous=query.get("previous") == "1",
        lines=min(int(lines), MOST_LINES) if lines.isdecimal() and len(lines) < 8 else 500,
    )


_desks: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Desk] = weakref.WeakKeyDictionary()


def desk_of_this_process() -> Desk:
    """A server runs one loop; tests run one after the other."""
    loop = asyncio.get_running_loop()
    if loop not in _desks:
        _desks[loop] = Desk()
    return _desks[loop]


def logs_of_this_process() -> int:
    """For /metrics, from any thread."""
    return sum(len(desk) for desk in list(_desks.values()))
