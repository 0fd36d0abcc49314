from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from slipway.sandbox import store as stores
from tests.sandbox.conftest import Client, config_map, path_of

COLLECTION = path_of(config_map(), named=False)


async def events(lines: AsyncIterator[bytes], count: int) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    async with asyncio.timeout(5):
        async for chunk in lines:
            found += [(one["type"], one["object"]) for one in map(json.loads, chunk.splitlines())]
            if len(found) >= count:
                break
    return found


def named(found: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    return [(kind, obj["metadata"]["name"]) for kind, obj in found]


async def test_a_watch_begins_where_a_list_ended_and_misses_nothing(client: Client) -> None:
    client.ok("POST", COLLECTION, config_map("a"))
    listed = client.ok("GET", COLLECTION)
    client.ok("POST", COLLECTION, config_map("b"))

    lines = client.lines(COLLECTION, resourceVersion=listed["metadata"]["resourceVersion"])
    watching = asyncio.create_task(events(lines, 3))
    await asyncio.sleep(0)
    client.apply(path_of(config_map("b")), config_map("b", x="1"), "two")
    client.ok("DELETE", path_of(config_map("a")))

    assert named(await watching) == [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "a")]


async def test_without_a_version_it_begins_with_what_is_there(client: Client) -> None:
    client.ok("POST", COLLECTION, config_map("a"))

    assert named(await events(client.lines(COLLECTION), 1)) == [("ADDED", "a")]


async def test_a_version_that_is_too_old_ends_with_410(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "HISTORY", 2)
    for name in "abcd":
        client.ok("POST", COLLECTION, config_map(name))

    [(kind, refusal)] = await events(client.lines(COLLECTION, resourceVersion="1"), 1)

    assert (kind, refusal["code"], refusal["reason"]) == ("ERROR", 410, "Expired")


async def test_objects_come_and_go_as_a_selector_begins_and_ceases_to_match(client: Client) -> None:
    start = client.ok("GET", COLLECTION)["metadata"]["resourceVersion"]
    obj, path = config_map("a"), path_of(config_map("a"))
    client.apply(path, obj)
    client.apply(path, {**obj, "metadata": {"name": "a", "labels": {"app": "web"}}})
    client.apply(path, {**obj, "metadata": {"name": "a", "labels": {"app": "web", "tier": "front"}}})
    client.apply(path, obj)

    found = await events(client.lines(COLLECTION, resourceVersion=start, labelSelector="app=web"), 3)

    assert named(found) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


async def test_it_ends_after_its_time_with_a_bookmark_of_the_newest_version(client: Client) -> None:
    start = client.ok("GET", COLLECTION)["metadata"]["resourceVersion"]
    lines = client.lines(COLLECTION, resourceVersion=start, timeoutSeconds="0.05", allowWatchBookmarks="true")

    client.ok("POST", "/api/v1/namespaces", {"metadata": {"name": "elsewhere"}})
    [(kind, bookmark)] = await events(lines, 9)

    assert kind == "BOOKMARK"
    assert bookmark["metadata"]["resourceVersion"] == str(client.api.store.version)


async def test_a_streamed_list_says_where_it_ends(client: Client) -> None:
    client.ok("POST", COLLECTION, config_map("a"))
    lines = client.lines(
        COLLECTION,
        sendInitialEvents="true",
        allowWatchBookmarks="true",
        resourceVersionMatch="NotOlderThan",
    )

    first, second = await events(lines, 2)

    assert (first[0], second[0]) == ("ADDED", "BOOKMARK")
    assert second[1]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_every_watch_ends_when_the_server_stops(client: Client) -> None:
    lines = client.lines(COLLECTION, resourceVersion=str(client.api.store.version))
    watching = asyncio.create_task(events(lines, 1))
    await asyncio.sleep(0.01)

    client.api.watches.end()

    assert await watching == []


def test_the_pages_of_one_list_show_one_moment(client: Client) -> None:
    for name in "abc":
        client.ok("POST", COLLECTION, config_map(name))
    first = client.ok("GET", COLLECTION, limit="2")
    client.ok("POST", COLLECTION, config_map("d"))

    token = first["metadata"]["continue"]
    second = client.ok("GET", COLLECTION, limit="2", **{"continue": token})

    names = [one["metadata"]["name"] for page in (first, second) for one in page["items"]]
    assert names == ["a", "b", "c"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert first["metadata"]["remainingItemCount"] == 1
    status, refusal = client.call("GET", COLLECTION, limit="2", **{"continue": token})
    assert (status, refusal["reason"]) == (410, "Expired")
