from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from slipway.ports.clusters import (
    Listing,
    Unauthorized,
    Unreachable,
    WatchEvent,
    WatchExpired,
    WatchKind,
)
from slipway.watcher import streams
from slipway.watcher.backoff import Backoff
from slipway.watcher.streams import Place, Stream
from tests.clusters import Place as ClusterPlace
from tests.clusters import RealCluster, connected
from tests.watcher.conftest import until

PODS = Place("", "Pod")
Answer = Callable[[], Any]


class Script:
    """A cluster that answers as told, one answer per call, then blocks until the test ends."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.over = threading.Event()

    def list(self, group: str, kind: str, **asked: Any) -> Listing:
        self.asked.append("list")
        answer = self._next()
        assert isinstance(answer, Listing)
        return answer

    def watch(self, group: str, kind: str, *, resource_version: str, **asked: Any) -> Iterator[WatchEvent]:
        self.asked.append(f"watch {resource_version}")
        yield from self._next()

    def _next(self) -> Any:
        if not self.answers:
            self.over.wait(10)
            return []
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Ear:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def listed(self, place: Place, listing: Listing) -> None:
        self.heard.append(f"listed {listing.resource_version}")

    def changed(self, place: Place, event: WatchEvent) -> None:
        self.heard.append(f"{event.kind} {event.resource_version}")

    def answered(self, place: Place) -> None:
        self.heard.append("answered")

    def failed(self, place: Place, error: Exception) -> None:
        self.heard.append(type(error).__name__)


@pytest.fixture
def follow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[Script, Ear]]]:
    monkeypatch.setattr(streams, "_REFUSED_SECONDS", 0.01)
    running: list[tuple[Stream, Script]] = []

    def start(*answers: Any) -> tuple[Script, Ear]:
        script, ear = Script(*answers), Ear()
        stream = Stream(lambda: script, PODS, ear)  # type: ignore[arg-type, return-value]  # the part of a cluster that it uses
        stream._backoff = Backoff(first_seconds=0.01, most_seconds=0.02)
        running.append((stream, script))
        stream.start()
        return script, ear

    yield start
    for stream, script in running:
        stream.give_up()
        script.over.set()
        stream.join(5)
        assert not stream.is_alive()


def event(kind: WatchKind, version: str) -> WatchEvent:
    return WatchEvent(kind, {"metadata": {"resourceVersion": version}}, version)


def test_a_watch_that_ends_goes_on_from_its_last_bookmark(follow: Callable[..., tuple[Script, Ear]]) -> None:
    script, ear = follow(
        Listing((), "5"),
        [event(WatchKind.ADDED, "6"), event(WatchKind.BOOKMARK, "9")],
        [event(WatchKind.MODIFIED, "12")],
    )
    until(lambda: len(script.asked) == 4)
    assert script.asked == ["list", "watch 5", "watch 9", "watch 12"]
    assert ear.heard == ["answered", "listed 5", "answered", "ADDED 6", "answered", "MODIFIED 12"]


def test_too_old_a_version_is_listed_again(follow: Callable[..., tuple[Script, Ear]]) -> None:
    script, _ = follow(Listing((), "5"), WatchExpired("too old", status=410), Listing((), "80"))
    until(lambda: len(script.asked) == 4)
    assert script.asked == ["list", "watch 5", "list", "watch 80"]


def test_a_cluster_that_is_away_is_reported_and_listed_again_when_it_is_back(
    follow: Callable[..., tuple[Script, Ear]],
) -> None:
    gone = Unreachable("the connection is refused.")
    script, ear = follow(Listing((), "5"), gone, gone, Listing((), "7"))
    until(lambda: len(script.asked) == 5)
    assert script.asked == ["list", "watch 5", "list", "list", "watch 7"]
    assert ear.heard == ["answered", "listed 5", "Unreachable", "Unreachable", "answered", "listed 7"]


def test_what_is_forbidden_is_reported_and_asked_again_much_later(
    follow: Callable[..., tuple[Script, Ear]],
) -> None:
    script, ear = follow(Unauthorized("no", status=403), Listing((), "5"))
    until(lambda: len(script.asked) == 3)
    assert ear.heard == ["Unauthorized", "answered", "listed 5"]


def test_trouble_waits_twice_as_long_each_time_up_to_fifteen_seconds_with_jitter() -> None:
    backoff = Backoff()
    waits = [backoff.next_seconds() for _ in range(40)]
    for index, whole in enumerate((0.25, 0.5, 1.0, 2.0, 4.0, 8.0)):
        assert whole / 2 <= waits[index] <= whole
    assert all(7.5 <= wait <= 15.0 for wait in waits[6:])
    assert len(set(waits)) == 40
    backoff.forget()
    assert backoff.next_seconds() <= 0.25


@pytest.mark.cluster
def test_a_real_server_answers_a_forgotten_version_with_410(real_cluster: RealCluster) -> None:
    cluster = connected(real_cluster.kubeconfig_path)
    with pytest.raises(WatchExpired):
        list(cluster.watch("", "Pod", resource_version="1", timeout_seconds=2))


def test_metadata_alone_still_tells_whose_object_it_is(any_cluster: ClusterPlace) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}
    any_cluster.cluster.apply(any_cluster.placed(manifest), manager="tests")
    listing = any_cluster.cluster.list("", "ConfigMap", namespace=any_cluster.namespace, metadata_only=True)
    found = {item["metadata"]["name"]: item for item in listing.items}
    assert found["a"]["kind"] == "ConfigMap"
    assert found["a"]["apiVersion"] == "v1"
    assert found["a"]["metadata"]["uid"]
