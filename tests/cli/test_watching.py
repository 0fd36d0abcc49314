from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from websockets.sync.server import Server, ServerConnection, serve

from slipway.cli.account import Account
from slipway.cli.client import Api
from slipway.cli.outcomes import CommandFailed
from slipway.cli.watching.screen import Bars
from slipway.cli.watching.source import Source, Told
from slipway.cli.watching.words import event_line

ROLLOUT = "0192f0c1-0000-7000-8000-000000000001"
Talk = Callable[[ServerConnection], None]


class Asked(Api):
    """Answers `events/` from a list, without a server."""

    def __init__(self, url: str, events: list[dict[str, Any]]) -> None:
        super().__init__(Account(url, "acme", "slp_x"))
        self.events = events
        self.asked: list[int] = []

    def get(self, path: str, **query: Any) -> Any:
        self.asked.append(query["after"])
        return {"items": [event for event in self.events if event["number"] > query["after"]], "next": None}


def event(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "at": "2026-11-24T09:00:00+00:00",
        "kind": "step-done",
        "body": {"title": str(number)},
    }


class Sockets:
    """Plays one conversation per connection, in order, then refuses."""

    def __init__(self, *talks: Talk) -> None:
        self.talks = list(talks)
        self.paths: list[str] = []
        self.tokens: list[str] = []

    def __call__(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.paths.append(socket.request.path)
        self.tokens.append(socket.request.headers["Authorization"])
        if self.talks:
            self.talks.pop(0)(socket)
        else:
            socket.close(1013)


def says(*frames: dict[str, Any], code: int = 1011) -> Talk:
    def talk(socket: ServerConnection) -> None:
        for frame in frames:
            socket.send(json.dumps(frame))
        socket.close(code)

    return talk


def frame(number: int) -> dict[str, Any]:
    return {"type": "event", **event(number)}


@pytest.fixture
def serving() -> Iterator[Callable[[Sockets], str]]:
    running: list[tuple[Server, threading.Thread]] = []

    def start(sockets: Sockets) -> str:
        server = serve(sockets, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.socket.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join(5)


def numbers(source: Iterator[Told], count: int) -> list[int]:
    return list(islice((told.number for told in source if told.number), count))


def test_a_socket_that_is_lost_is_resumed_after_the_last_number_and_nothing_comes_twice(
    serving: Callable[[Sockets], str],
) -> None:
    sockets = Sockets(
        says({"type": "hello", "stream": "rollout.x", "head": 2}, frame(1), frame(2)),
        says(frame(2), frame(3), {"type": "heartbeat", "head": 3}, frame(4)),
    )
    api = Asked(serving(sockets), [])
    source = Source(api, ROLLOUT, after=0, sleep=lambda seconds: None)
    assert numbers(iter(source), 4) == [1, 2, 3, 4]
    where = f"/ws/organizations/acme/rollouts/{ROLLOUT}/?after="
    assert sockets.paths == [f"{where}0", f"{where}2"]
    assert set(sockets.tokens) == {"Bearer slp_x"}
    api.close()


def test_without_sockets_the_events_are_asked_for(serving: Callable[[Sockets], str]) -> None:
    api = Asked(serving(Sockets()), [event(1), event(2)])
    source = Source(
        api, ROLLOUT, after=0, sleep=lambda seconds: api.events.append(event(len(api.events) + 1))
    )
    assert numbers(iter(source), 5) == [1, 2, 3, 4, 5]
    assert api.asked[:3] == [0, 2, 3]
    api.close()


def test_a_snapshot_means_to_read_what_was_left_out(serving: Callable[[Sockets], str]) -> None:
    sockets = Sockets(says(frame(1), {"type": "snapshot", "head": 3, "rollout": {}}, frame(4)))
    api = Asked(serving(sockets), [event(1), event(2), event(3)])
    assert numbers(iter(Source(api, ROLLOUT, after=0, sleep=lambda seconds: None)), 4) == [1, 2, 3, 4]
    api.close()


def test_a_right_that_is_taken_away_ends_it_with_the_servers_words(serving: Callable[[Sockets], str]) -> None:
    sockets = Sockets(says(frame(1), {"type": "closing", "why": "You are no member any more."}, code=4403))
    api = Asked(serving(sockets), [])
    source = iter(Source(api, ROLLOUT, after=0))
    assert numbers(source, 1) == [1]
    with pytest.raises(CommandFailed, match=r"You are no member any more\."):
        numbers(source, 1)
    api.close()


def test_bars_show_steps_and_workloads_and_the_story_above(capsys: pytest.CaptureFixture[str]) -> None:
    objects = {
        "Deployment.apps/shop/web": {
            "health": "progressing",
            "ready": 1,
            "wanted": 3,
            "sentence": "1 of 3 ready",
        },
        "Service/shop/web": {"health": "healthy", "ready": None, "wanted": None, "sentence": "fine"},
    }
    row = {
        "number": 7,
        "phase": "progressing",
        "sentence": "applying",
        "steps": [{"title": "Namespaces", "state": "done"}, {"title": "Workloads", "state": "now"}],
        "progress": {"objects": objects},
    }
    bars = Bars()
    bars.picture(row)
    bars.event(Told(3, "2026-11-24T09:00:00+00:00", "approved", {"by": "Ana", "comment": "[red]go[/red]"}))
    bars.event(Told(4, "2026-11-24T09:00:00+00:00", "observed", {"objects": objects, "pods": {}}))
    bars.close()
    out = capsys.readouterr().out
    assert "Ana approved: [red]go[/red]" in out  # what people wrote is never markup
    assert "#7 progressing" in out
    assert "1/2 Workloads" in out
    assert "1/3 1 of 3 ready" in out
    assert out.count("web") == 1


@pytest.mark.parametrize(
    ("kind", "body", "line"),
    [
        (
            "phase",
            {"phase": "waiting", "sentence": "1 approval is missing"},
            "Waiting: 1 approval is missing",
        ),
        ("requested", {"by": "Bo", "why": ""}, "Bo asked for it"),
        ("paused", {"by": "Bo", "sentence": "Bo paused it"}, "Bo paused it"),
        ("something-new", {}, "something new"),
        (
            "observed",
            {
                "objects": {
                    "Deployment.apps/shop/web": {
                        "health": "progressing",
                        "sentence": "Rolling.",
                        "ready": 1,
                        "wanted": 3,
                    }
                },
                "pods": {"u": {"name": "web-1", "health": "degraded", "sentence": "ImagePullBackOff."}},
                "gone_pods": [],
            },
            "Deployment web: Rolling · Pod web-1: ImagePullBackOff",
        ),
        ("observed", {"objects": {}, "pods": {}, "gone_pods": ["u"]}, ""),
    ],
)
def test_an_event_is_a_line(kind: str, body: dict[str, Any], line: str) -> None:
    assert event_line(kind, body) == line
