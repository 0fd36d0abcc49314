"""A container's output on its way to a viewer: everything has an end, whoever is slow."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.live import logs as sockets_of_logs
from apps.live.tails import MOST_LINES, Desk
from slipway.ports.clusters import Refused, Unreachable
from slipway.ports.logs import LogContainer, LogLine, LogPod
from tests.live.conftest import Place, in_thread

RUNNING = LogContainer("web", "", "running", "web:1", running=True, restarts=0, has_previous=False)
CRASHED = LogContainer(
    "web", "", "waiting: CrashLoopBackOff, 3 restarts", "web:1", running=False, restarts=3, has_previous=True
)
UID = "pod-a"


@dataclass
class FakeStream:
    lines: list[LogLine]
    endless: bool
    ended: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[LogLine]:
        yield from self.lines
        if self.endless:
            self.ended.wait(30)

    def close(self) -> None:
        self.ended.set()


@dataclass
class FakeLogs:
    """A cluster with one pod. `script` is what each asking for lines answers, the last one for ever."""

    container: LogContainer | None = RUNNING
    script: list[Any] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    streams: list[FakeStream] = field(default_factory=list)

    def logs_of(self, namespace: str, pod: str, *, uid: str = "") -> FakeLogs:
        return self

    def pod(self) -> LogPod | None:
        if self.container is None:
            return None
        return LogPod(UID, "node-1", (self.container,), known_values=2, unread_secrets=("door",))

    def lines(self, container: str, **how: Any) -> FakeStream:
        self.asked.append({"container": container, **how})
        answer = self.script[min(len(self.asked), len(self.script)) - 1] if self.script else ([], True)
        if isinstance(answer, Exception):
            raise answer
        stream = FakeStream(*answer)
        self.streams.append(stream)
        return stream


def line(number: int, text: str = "") -> LogLine:
    return LogLine(f"2026-03-01T12:00:00.{number:09}Z", text or f"line {number}")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeLogs:
    fake = FakeLogs()
    monkeypatch.setattr(sockets_of_logs, "connect", lambda row: fake)
    monkeypatch.setattr(sockets_of_logs, "RIGHTS_SECONDS", 0.3)
    monkeypatch.setattr("apps.live.tails._AGAIN_SECONDS", 0.05)
    return fake


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    desk = Desk(most=3, most_a_person=2)
    monkeypatch.setattr(sockets_of_logs, "desk_of_this_process", lambda: desk)
    yield desk
    await in_thread(desk.end)


@pytest.fixture
async def path(place: Place, cluster: FakeLogs, desk: Desk) -> str:
    def give_it_a_pod() -> None:
        from apps.core import scopes
        from apps.rollouts.models import Rollout

        pod = {
            "name": "web-a",
            "owner": "Deployment.apps/shop/web",
            "set": "",
            "new": True,
            "health": "healthy",
        }
        with scopes.organization(place.people.acme.id):
            Rollout.objects.filter(id=place.rollout.id).update(progress={"objects": {}, "pods": {UID: pod}})

    await in_thread(give_it_a_pod)
    return f"/ws/organizations/acme/rollouts/{place.rollout.number}/pods/{UID}/log/"


async def frame_of(socket: Any, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while (frame := await socket.frames.get())["type"] != kind:
            pass
        return dict(frame)


async def until(found: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not found():  # noqa: ASYNC110  what is waited for happens on another thread
            await asyncio.sleep(0.02)


async def test_a_viewer_is_told_the_pod_and_then_its_lines(
    path: str, place: Place, cluster: FakeLogs, dial: Callable[..., Any]
) -> None:
    cluster.script = [([line(1), LogLine("", "without a moment", 7)], True)]
    socket = await dial(f"{path}?lines=50", user=place.people.dee)
    assert (await socket.next())["type"] == "hello"
    told = await frame_of(socket, "pod")
    assert (told["container"], told["node"], told["known_values"]) == ("web", "node-1", 2)
    assert told["unread_secrets"] == ["door"]
    assert (await frame_of(socket, "lines"))["lines"] == [
        ["2026-03-01T12:00:00.000000001Z", "line 1", 0],
        ["", "without a moment", 7],
    ]
    [asked] = cluster.asked
    assert (asked["container"], asked["tail"], asked["follow"], asked["since"]) == ("web", 50, True, "")


async def test_after_a_cut_it_goes_on_from_the_last_line(
    path: str, place: Place, cluster: FakeLogs, dial: Callable[..., Any]
) -> None:
    cluster.script = [([line(1), line(2)], False), Unreachable("no answer in time."), ([line(3)], True)]
    socket = await dial(path, user=place.people.dee)
    assert (await frame_of(socket, "state"))["state"] == "following"
    away = await frame_of(socket, "state")
    assert (away["state"], away["words"]) == ("away", "The cluster does not answer: no answer in time.")
    assert (await frame_of(socket, "lines"))["lines"] == [["2026-03-01T12:00:00.000000003Z", "line 3", 0]]
    assert [asked["since"] for asked in cluster.asked] == ["", line(2).at, line(2).at]
    assert [asked["tail"] for asked in cluster.asked] == [500, None, None]


async def test_the_servers_words_are_shown_while_a_container_does_not_start(
    path: str, place: Place, cluster: FakeLogs, dial: Callable[..., Any]
) -> None:
    words = 'container "web" in pod "web-a" is waiting to start: image can\'t be pulled'
    cluster.script = [Refused(words, status=400), ([line(1)], True)]
    socket = await dial(path, user=place.people.dee)
    assert await frame_of(socket, "state") == {"type": "state", "state": "waiting", "words": words}
    assert (await frame_of(socket, "lines"))["lines"][0][1] == "line 1"


async def test_the_last_words_before_a_crash_end_by_themselves(
    path: str, place: Place, cluster: FakeLogs, dial: Callable[..., Any]
) -> None:
    cluster.container, cluster.script = CRASHED, [([line(1, "panic")], False)]
    socket = await dial(f"{path}?previous=1", user=place.people.dee)
    assert (await frame_of(socket, "lines"))["lines"][0][1] == "panic"
    assert (await frame_of(socket, "state"))["state"] == "ended"
    assert [asked["follow"] for asked in cluster.asked] == [False]


async def test_a_pod_that_is_gone_is_said_to_be(
    path: str, place: Place, cluster: FakeLogs, dial: Callable[..., Any]
) -> None:
    cluster.container = None
    socket = await dial(path, user=place.people.dee)
    assert (await frame_of(socket, "state"))["words"] == (
        "This pod is gone, and Kubernetes keeps no output of a pod that is gone."
    )


async def test_what_a_slow_viewer_cannot_take_is_skipped_and_counted(
    path: str, place: Place, cluster: FakeLogs, dial: Callable[..., Any]
) -> None:
    written = 20_000
    cluster.script = [([line(number) for number in range(written)], True)]
    socket = await dial(path, user=place.people.dee)
    assert (await socket.next())["type"] == "hello"
    socket.hold()
    await asyncio.sleep(1.0)  # all of it is read meanwhile, and most of it dropped
    socket.go_on()
    shown, skipped = 0, 0
    async with asyncio.timeout(15):
        while shown + skipped < written:
            frame = await socket.frames.get()
            shown += len(frame.get("lines", [])) if frame["type"] == "lines" else 0
            skipped += frame["lines"] if frame["type"] == "skipped" else 0
    assert (shown + skipped, skipped > written - 2 * MOST_LINES) == (written, True)


async def test_viewers_auditors_and_strangers_read_no_logs(
    path: str, place: Place, cluster: FakeLogs, dial: Callable[..., Any]
) -> None:
    for who, code, why in (
        (place.people.vic, 4403, "Your role (viewer) does not let you read what containers write."),
        (place.people.olu, 4403, "Your role (auditor) does not let you read what containers write."),
        (place.people.gil, 4404, "There is no such organization, or you are not in it."),
        (None, 4401, "You are not signed in."),
    ):
        socket = await dial(path, user=who)
        assert (await frame_of(socket, "closing"))["why"] == why
        assert await socket.closed == code
    assert cluster.asked == []


async def test_a_log_goes_dark_when_the_role_no_longer_lets_it_be_read(
    path: str, place: Place, cluster: FakeLogs, desk: Desk, dial: Callable[..., Any]
) -> None:
    socket = await dial(path, user=place.people.dee)
    await frame_of(socket, "state")

    def demote() -> None:
        from apps.core import scopes
        from apps.organizations.models import Membership

        with scopes.organization(place.people.acme.id):
            Membership.objects.filter(user_id=place.people.dee.id).update(role="viewer")

    await in_thread(demote)
    asked = time.monotonic()
    assert (await frame_of(socket, "closing"))["why"].startswith("Your role (viewer)")
    assert await socket.closed == 4403
    assert time.monotonic() - asked < 10
    await until(lambda: len(desk) == 0)
    assert cluster.streams[0].ended.is_set()


async def test_a_viewer_that_reads_nothing_is_cut_off_all_the_same(
    path: str, place: Place, cluster: FakeLogs, desk: Desk, dial: Callable[..., Any]
) -> None:
    cluster.script = [([line(number) for number in range(5000)], True)]
    socket = await dial(path, user=place.people.dee)
    await socket.next()
    socket.hold()

    def remove() -> None:
        from apps.core import scopes
        from apps.organizations.models import Membership

        with scopes.organization(place.people.acme.id):
            Membership.objects.filter(user_id=place.people.dee.id).delete()

    await in_thread(remove)
    await until(lambda: len(desk) == 0)
    assert cluster.streams[0].ended.is_set()


async def test_a_person_and_a_process_have_only_so_many_and_a_place_is_free_when_its_thread_is(
    path: str, place: Place, cluster: FakeLogs, desk: Desk, dial: Callable[..., Any]
) -> None:
    people = place.people
    first, second = await dial(path, user=people.dee), await dial(path, user=people.dee)
    await frame_of(first, "state")
    await frame_of(second, "state")
    third = await dial(path, user=people.dee)
    assert (await frame_of(third, "closing"))["why"] == (
        "You have 2 logs open, which is as many as one person may. Close one first."
    )
    await frame_of(await dial(path, user=people.bo), "state")
    refused = await dial(path, user=people.ana)
    assert (await frame_of(refused, "closing"))["why"].startswith("3 logs are open on this server")
    assert await refused.closed == 1013
    await first.leave()
    await until(lambda: len(desk) == 2)
    await frame_of(await dial(path, user=people.dee), "state")


async def test_a_cluster_that_does_not_answer_holds_up_only_the_logs(
    path: str, place: Place, cluster: FakeLogs, dial: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = threading.Event()
    monkeypatch.setattr(cluster, "pod", lambda: stuck.wait(20) and None)
    await dial(path, user=place.people.dee)
    await dial(path, user=place.people.bo)
    began = time.monotonic()
    page = await dial(place.path, user=place.people.vic)
    assert (await page.next())["type"] == "hello"
    assert time.monotonic() - began < 2
    stuck.set()
