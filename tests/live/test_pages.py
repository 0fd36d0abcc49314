"""One socket for all that a page shows: it says what it follows, and hears of nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from apps.live.pages import LONGEST_WISH, MOST_STREAMS
from tests.live.conftest import Place, in_thread
from tests.live.test_who_may_follow import _in_acme, _remove, closing

PAGE = "/ws/organizations/acme/page/"


async def opened(dial: Callable[..., Any], user: Any, *, html: bool = False) -> Any:
    socket = await dial(f"{PAGE}?html=1" if html else PAGE, user=user)
    assert (await socket.next())["type"] == "hello"
    return socket


async def test_a_page_hears_of_nothing_before_it_has_said_what_it_follows(
    place: Place, dial: Callable[..., Any]
) -> None:
    socket = await opened(dial, place.people.vic)
    await in_thread(partial(place.append, 2))
    await asyncio.sleep(0.3)
    assert socket.frames.empty()


async def test_two_streams_come_on_one_socket_each_with_its_name_and_its_own_numbers(
    place: Place, dial: Callable[..., Any]
) -> None:
    name = f"rollout:{place.rollout.id}"
    socket = await opened(dial, place.people.vic)
    socket.say(type="follow", stream=name, after=0)
    socket.say(type="follow", stream="activity", after=0)
    last = await in_thread(partial(place.append, 3))
    seen: dict[str, list[int]] = {name: [], "activity": []}
    heads: dict[str, int] = {}
    async with asyncio.timeout(10):
        while (
            len(seen[name]) < last
            or not heads.get("activity")
            or seen["activity"][-1:] != [heads["activity"]]
        ):
            frame = await socket.next()
            if frame["type"] == "following":
                assert frame["asked"] == frame["stream"]
                heads[frame["stream"]] = frame["head"]
            else:
                seen[frame["stream"]].append(frame["number"])
    assert seen[name] == list(range(1, last + 1))
    assert seen["activity"] == list(range(1, heads["activity"] + 1))


async def test_a_rollout_may_be_asked_for_by_its_number_and_answers_by_its_name(
    place: Place, dial: Callable[..., Any]
) -> None:
    socket = await opened(dial, place.people.vic)
    socket.say(type="follow", stream=f"rollout:{place.rollout.number}", after=1)
    assert await socket.next() == {
        "type": "following",
        "head": 1,
        "stream": f"rollout:{place.rollout.id}",
        "asked": f"rollout:{place.rollout.number}",
    }
    await in_thread(partial(place.append, 1))
    event = await socket.next_event()
    assert (event["stream"], event["number"]) == (f"rollout:{place.rollout.id}", 2)


async def test_who_says_no_number_gets_what_comes_from_now_on(place: Place, dial: Callable[..., Any]) -> None:
    last = await in_thread(partial(place.append, 4))
    socket = await opened(dial, place.people.vic)
    socket.say(type="follow", stream=f"rollout:{place.rollout.id}")
    assert (await socket.next())["head"] == last
    await in_thread(partial(place.append, 1))
    assert (await socket.next())["number"] == last + 1


async def test_what_was_left_is_heard_no_more(place: Place, dial: Callable[..., Any]) -> None:
    name = f"rollout:{place.rollout.id}"
    socket = await opened(dial, place.people.vic)
    socket.say(type="follow", stream=name, after=1)
    assert (await socket.next())["type"] == "following"
    socket.say(type="leave", stream=name)
    assert await socket.next() == {"type": "left", "stream": name}
    await in_thread(partial(place.append, 1))
    await asyncio.sleep(0.8)
    assert socket.frames.empty()
    socket.say(type="follow", stream=name, after=1)
    assert await socket.numbers_until(2) == [2]


async def test_who_follows_anew_says_anew_what_it_has(place: Place, dial: Callable[..., Any]) -> None:
    name = f"rollout:{place.rollout.id}"
    last = await in_thread(partial(place.append, 3))
    socket = await opened(dial, place.people.vic)
    socket.say(type="follow", stream=name, after=last)
    assert (await socket.next())["type"] == "following"
    socket.say(type="follow", stream=name, after=1)
    assert await socket.numbers_until(last) == list(range(2, last + 1))


async def test_a_stream_that_is_nobodys_or_anothers_is_refused_and_the_others_go_on(
    place: Place, dial: Callable[..., Any]
) -> None:
    socket = await dial("/ws/organizations/globex/page/", user=place.people.gil)
    assert (await socket.next())["type"] == "hello"
    for stream in (f"rollout:{place.rollout.id}", "rollout:999", "rollout:", "rollout:x"):
        socket.say(type="follow", stream=stream, after=0)
        refused = await socket.next()
        assert refused == {
            "type": "refused",
            "stream": stream,
            "status": 404,
            "why": "There is no such rollout.",
        }
    socket.say(type="follow", stream="organization:acme", after=0)
    assert (await socket.next())["why"] == "There is no such stream."
    socket.say(type="follow", stream="activity", after=0)
    assert (await socket.next())["type"] == "following"


async def test_a_page_of_another_organization_does_not_open(place: Place, dial: Callable[..., Any]) -> None:
    assert (await closing(await dial(PAGE, user=place.people.gil)))[0] == 4404
    assert await closing(await dial(PAGE)) == (4401, "You are not signed in.")


async def test_who_is_taken_out_of_the_organization_loses_the_page_even_if_it_follows_nothing(
    place: Place, dial: Callable[..., Any]
) -> None:
    idle = await opened(dial, place.people.vic)
    follows = await opened(dial, place.people.vic)
    follows.say(type="follow", stream="activity")
    assert (await follows.next())["type"] == "following"
    await in_thread(lambda: _in_acme(place, lambda: _remove(place)))
    for socket in (idle, follows):
        assert await closing(socket) == (4403, "You no longer belong to this organization.")


async def test_a_slow_page_gets_a_snapshot_of_the_stream_it_was_slow_with(
    place: Place, dial: Callable[..., Any], hub: Any
) -> None:
    hub.pace = replace(hub.pace, capacity=5)
    socket = await opened(dial, place.people.vic)
    socket.say(type="follow", stream="activity")
    socket.say(type="follow", stream=f"rollout:{place.rollout.id}")
    for _ in range(2):
        assert (await socket.next())["type"] == "following"
    socket.hold()
    last = await in_thread(partial(place.append, 30))
    await asyncio.sleep(0.8)
    socket.go_on()
    await in_thread(partial(place.append, 1))
    at, snapshots = 1, 0
    while at < last + 1:
        frame = await socket.next_of("snapshot", "event")
        assert frame["stream"] == f"rollout:{place.rollout.id}"
        if frame["type"] == "snapshot":
            snapshots, at = snapshots + 1, frame["head"]
        else:
            assert frame["number"] == at + 1
            at += 1
    assert snapshots >= 1


async def test_a_socket_has_one_heartbeat_whatever_it_follows(
    place: Place, dial: Callable[..., Any], hub: Any
) -> None:
    hub.pace = replace(hub.pace, heartbeat_seconds=0.4)
    socket = await opened(dial, place.people.vic)
    socket.say(type="follow", stream="activity")
    socket.say(type="follow", stream=f"rollout:{place.rollout.id}")
    await asyncio.sleep(1.5)
    frames = [socket.frames.get_nowait() for _ in range(socket.frames.qsize())]
    beats = [frame for frame in frames if frame["type"] == "heartbeat"]
    assert 2 <= len(beats) <= 4
    assert beats[0] == {"type": "heartbeat", "viewers": 1}


async def test_a_page_follows_a_bounded_number_of_streams(place: Place, dial: Callable[..., Any]) -> None:
    with patch("apps.live.pages.MOST_STREAMS", 1):
        socket = await opened(dial, place.people.vic)
        socket.say(type="follow", stream="activity")
        assert (await socket.next())["type"] == "following"
        socket.say(type="follow", stream=f"rollout:{place.rollout.id}")
        refused = await socket.next()
        assert (refused["status"], refused["why"]) == (429, "A page follows at most 1 streams.")
        socket.say(type="leave", stream="activity")
        assert (await socket.next())["type"] == "left"
        socket.say(type="follow", stream=f"rollout:{place.rollout.id}")
        assert (await socket.next())["type"] == "following"
    assert MOST_STREAMS == 16


async def test_a_page_that_talks_too_much_or_in_other_words_is_cut_off(
    place: Place, dial: Callable[..., Any]
) -> None:
    async def ends(*texts: str) -> tuple[int, str]:
        socket = await opened(dial, place.people.vic)
        for text in texts:
            socket.say_text(text)
        return await closing(socket)

    too_much = (1008, "That is more than a page has to say.")
    assert await ends("x" * (LONGEST_WISH + 1)) == too_much
    assert await ends(*['{"type":"leave","stream":"activity"}'] * 80) == too_much
    nothing = (1008, "That is nothing that a page says.")
    for text in ("", "[]", '{"type":"sing","stream":"activity"}', '{"type":"follow","stream":7}'):
        assert await ends(text) == nothing, text
    for after in ("-1", "true", '"3"', "1e3", "9999999999999999"):
        assert await ends(f'{{"type":"follow","stream":"activity","after":{after}}}') == nothing, after


async def test_fragments_come_for_the_streams_whose_fragments_are_wanted(
    place: Place, dial: Callable[..., Any]
) -> None:
    socket = await opened(dial, place.people.vic, html=True)
    socket.say(type="follow", stream="activity", html=False)
    socket.say(type="follow", stream=f"rollout:{place.rollout.id}")
    fragments = await socket.next_of("fragments")
    assert fragments["stream"] == f"rollout:{place.rollout.id}"
    assert "rollout-sentence" in fragments["html"]
    await asyncio.sleep(0.3)
    frames = [socket.frames.get_nowait() for _ in range(socket.frames.qsize())]
    assert {frame["stream"] for frame in frames if frame["type"] == "fragments"} <= {fragments["stream"]}


async def test_a_stream_that_is_hard_to_read_holds_up_no_other(
    place: Place, dial: Callable[..., Any]
) -> None:
    from apps.live import reading

    def rows_after(stream: Any, after: int) -> Any:
        if stream.kind == "organization":
            import time

            time.sleep(2)
        return read(stream, after)

    read = reading.rows_after
    socket = await opened(dial, place.people.vic)
    with patch("apps.live.conversations.reading.rows_after", rows_after):
        socket.say(type="follow", stream="activity", after=0)
        socket.say(type="follow", stream=f"rollout:{place.rollout.id}", after=0)
        async with asyncio.timeout(1.5):
            frame = await socket.next_of("event")
        assert frame["stream"] == f"rollout:{place.rollout.id}"
        assert (await socket.next_of("event"))["stream"] == "activity"
