"""Live means gapless: every client sees 1..N in order, wherever it joins and whatever gets lost on the way."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

from tests.live.conftest import Place, in_thread


async def test_a_client_is_greeted_with_the_head_and_replays_from_what_it_has(
    place: Place, dial: Callable[..., Any]
) -> None:
    last = await in_thread(partial(place.append, 5))
    socket = await dial(f"{place.path}?after=3", user=place.people.vic)
    assert await socket.next() == {"type": "hello", "stream": f"rollout.{place.rollout.id}", "head": last}
    assert await socket.numbers_until(last) == [4, 5, 6]


async def test_an_event_is_shown_as_the_api_shows_it(place: Place, dial: Callable[..., Any]) -> None:
    socket = await dial(user=place.people.vic)
    event = await socket.next_event()
    assert event["number"] == 1
    assert event["kind"] == "requested"
    assert event["body"].pop("now")["sentence"] == "Asked for; planning comes next."
    assert event["body"] == {"by": "Ana", "why": "", "kind": "forward"}
    assert event["at"].endswith("Z")


async def test_clients_that_join_at_random_points_miss_nothing_and_get_nothing_twice(
    place: Place, dial: Callable[..., Any]
) -> None:
    seed = random.randrange(1_000_000)
    dice = random.Random(seed)
    writing = asyncio.create_task(in_thread(partial(place.append, 120)))
    sockets = []
    while not writing.done():
        after = dice.choice([0, 0, 1, 2])
        sockets.append((after, await dial(f"{place.path}?after={after}", user=place.people.vic)))
        await asyncio.sleep(dice.uniform(0, 0.03))
    last = await writing
    assert len(sockets) > 3
    for after, socket in sockets:
        assert await socket.numbers_until(last) == list(range(after + 1, last + 1)), f"seed {seed}"


async def test_lost_wake_ups_show_at_the_next_comparison(place: Place, dial: Callable[..., Any]) -> None:
    socket = await dial(user=place.people.vic)
    assert await socket.numbers_until(1) == [1]
    last = await in_thread(partial(place.append, 3, silently=True))
    assert await socket.numbers_until(last, within=1.5) == [2, 3, 4]


async def test_events_reach_clients_while_the_channel_layer_is_away(
    place: Place, dial: Callable[..., Any]
) -> None:
    with patch("apps.live.hub.get_channel_layer", side_effect=ConnectionError("no Valkey")):
        socket = await dial(user=place.people.vic)
        assert await socket.numbers_until(1) == [1]
        last = await in_thread(partial(place.append, 2))
        assert await socket.numbers_until(last, within=1.5) == [2, 3]


async def test_a_wake_up_is_quicker_than_the_comparison(
    place: Place, dial: Callable[..., Any], hub: Any
) -> None:
    from dataclasses import replace

    hub.pace = replace(hub.pace, compare_seconds=60)
    socket = await dial(user=place.people.vic)
    assert await socket.numbers_until(1) == [1]
    await asyncio.sleep(0.3)  # the subscription is made in the background
    await in_thread(partial(place.append, 1))
    assert (await socket.next_event(within=1))["number"] == 2


async def test_a_hall_that_is_filling_holds_up_nobody_who_is_in_it(
    place: Place, dial: Callable[..., Any], hub: Any
) -> None:
    """Handshakes and replays of many keep their threads busy for seconds."""
    socket = await dial(user=place.people.vic)
    assert await socket.numbers_until(1) == [1]
    open_doors = threading.Event()
    crowd = [asyncio.create_task(hub.run(partial(open_doors.wait, 10))) for _ in range(8)]
    try:
        await asyncio.sleep(0.1)
        last = await in_thread(partial(place.append, 1))
        assert await socket.numbers_until(last, within=3) == [2]
    finally:
        open_doors.set()
        await asyncio.gather(*crowd)


async def test_a_stream_is_read_once_for_all_of_its_clients(place: Place, dial: Callable[..., Any]) -> None:
    sockets = [await dial(user=place.people.vic) for _ in range(10)]
    for socket in sockets:
        assert await socket.numbers_until(1) == [1]
    with patch("apps.live.feeds.reading.rows_after", wraps=_rows_after()) as reads:
        last = await in_thread(partial(place.append, 1))
        for socket in sockets:
            assert await socket.numbers_until(last) == [2]
    assert reads.call_count <= 2


async def test_a_slow_client_gets_a_snapshot_and_then_what_comes_after_it(
    place: Place, dial: Callable[..., Any], hub: Any
) -> None:
    from dataclasses import replace

    hub.pace = replace(hub.pace, capacity=5)
    socket = await dial(user=place.people.vic)
    assert await socket.numbers_until(1) == [1]
    socket.hold()
    last = await in_thread(partial(place.append, 30))
    await asyncio.sleep(0.8)
    socket.go_on()
    seen, snapshot = [], None
    while snapshot is None:
        frame = await socket.next()
        if frame["type"] == "event":
            seen.append(frame["number"])
        elif frame["type"] == "snapshot":
            snapshot = frame
    head = snapshot["head"]
    assert len(seen) <= 5 + 1
    assert seen == list(range(2, 2 + len(seen)))
    assert snapshot["rollout"]["number"] == place.rollout.number
    assert snapshot["rollout"]["event_number"] == head
    assert await in_thread(partial(place.append, 2)) == last + 2
    assert await socket.numbers_until(last + 2) == list(range(head + 1, last + 3))


async def test_a_client_that_is_far_behind_gets_a_snapshot(
    place: Place, dial: Callable[..., Any], hub: Any
) -> None:
    from dataclasses import replace

    hub.pace = replace(hub.pace, far_behind=10)
    last = await in_thread(partial(place.append, 20))
    socket = await dial(user=place.people.vic)
    assert (await socket.next())["type"] == "hello"
    assert (await socket.next())["head"] == last
    await in_thread(partial(place.append, 1))
    assert await socket.numbers_until(last + 1) == [last + 1]


async def test_a_client_from_before_a_restored_backup_gets_a_snapshot(
    place: Place, dial: Callable[..., Any]
) -> None:
    socket = await dial(f"{place.path}?after=999", user=place.people.vic)
    assert (await socket.next())["head"] == 1
    frame = await socket.next()
    assert (frame["type"], frame["head"]) == ("snapshot", 1)


async def test_a_quiet_stream_says_that_it_is_alive(place: Place, dial: Callable[..., Any], hub: Any) -> None:
    from dataclasses import replace

    hub.pace = replace(hub.pace, heartbeat_seconds=0.2)
    socket = await dial(f"{place.path}?after=1", user=place.people.vic)
    assert (await socket.next())["type"] == "hello"
    assert await socket.next(within=2) == {"type": "heartbeat", "head": 1}
    assert await socket.next(within=2) == {"type": "heartbeat", "head": 1}


async def test_the_organizations_activity_is_a_stream_too(place: Place, dial: Callable[..., Any]) -> None:
    socket = await dial("/ws/organizations/acme/activity/", user=place.people.vic)
    hello = await socket.next()
    assert hello["stream"] == f"organization.{place.people.acme.id}"
    numbers = await socket.numbers_until(hello["head"])
    assert numbers == list(range(1, hello["head"] + 1))


async def test_a_burst_on_one_stream_loses_nothing(place: Place, dial: Callable[..., Any]) -> None:
    sockets = [await dial(f"{place.path}?after=1", user=place.people.vic) for _ in range(3)]
    for socket in sockets:
        assert (await socket.next())["type"] == "hello"
    last = await in_thread(partial(_burst, place, 1000))
    for socket in sockets:
        assert await socket.numbers_until(last) == list(range(2, last + 1))


def _burst(place: Place, count: int) -> int:
    """Many events in each of a few commits: faster than any worker writes."""
    from django.utils import timezone

    from apps.audit.services import SYSTEM
    from apps.core import scopes
    from apps.rollouts.models import Rollout
    from apps.rollouts.services.recording import commit_rollout
    from slipway.engine.state import EngineEvent

    for _ in range(10):
        with scopes.organization(place.people.acme.id):
            row = (
                Rollout.objects.select_for_update(of=("self",))
                .select_related("application", "environment", "release", "target")
                .get(id=place.rollout.id)
            )
            events = [EngineEvent("observed", {"objects": {}, "pods": {}, "gone_pods": []})] * (count // 10)
            commit_rollout(row, by=SYSTEM, at=timezone.now(), before=row.phase, events=events)
    return int(row.event_number)


def _rows_after() -> Any:
    from apps.live import reading

    return reading.rows_after
