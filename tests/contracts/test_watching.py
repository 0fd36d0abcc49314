"""Lists, watches from a resourceVersion, bookmarks, and what is too old."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from slipway.engine.objects import Manifest, resource_version_of
from slipway.ports.clusters import Propagation, Unreachable, WatchExpired, WatchKind
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, config_map
from tests.contracts.raw import Raw


def apply(place: Place, manifest: Manifest) -> Manifest:
    return place.cluster.apply(place.placed(manifest), manager=MANAGER)


def watched(place: Place, version: str, *, seconds: int = 1) -> list[tuple[str, str, str]]:
    """(kind, name, version) of everything until the server ends it; the CA that each namespace gets is left out."""
    stream = place.cluster.watch(
        "", "ConfigMap", namespace=place.namespace, resource_version=version, timeout_seconds=seconds
    )
    return [
        (event.kind, event.object["metadata"].get("name", ""), event.resource_version)
        for event in stream
        if event.object["metadata"].get("name") != "kube-root-ca.crt"
    ]


def test_a_watch_from_a_listing_tells_every_change_after_it_in_order_and_once(any_cluster: Place) -> None:
    apply(any_cluster, config_map("before"))
    start = any_cluster.cluster.list("", "ConfigMap", namespace=any_cluster.namespace).resource_version
    made = apply(any_cluster, config_map("one"))
    changed = apply(any_cluster, config_map("one", data={"colour": "red"}))
    any_cluster.cluster.delete(
        any_cluster.key("ConfigMap", "one"), precondition=None, propagation=Propagation.BACKGROUND
    )
    seen = [entry for entry in watched(any_cluster, start) if entry[0] != WatchKind.BOOKMARK]
    assert [entry[:2] for entry in seen] == [("ADDED", "one"), ("MODIFIED", "one"), ("DELETED", "one")]
    assert [entry[2] for entry in seen[:2]] == [resource_version_of(made), resource_version_of(changed)]
    versions = [int(entry[2]) for entry in seen]
    assert versions == sorted(versions)


def test_an_apply_that_changes_nothing_is_told_to_nobody(any_cluster: Place) -> None:
    apply(any_cluster, config_map())
    start = any_cluster.cluster.list("", "ConfigMap", namespace=any_cluster.namespace).resource_version
    apply(any_cluster, config_map())
    assert [entry for entry in watched(any_cluster, start) if entry[0] != WatchKind.BOOKMARK] == []


def test_a_watch_tells_a_change_while_it_is_open(any_cluster: Place) -> None:
    apply(any_cluster, config_map())
    start = any_cluster.cluster.list("", "ConfigMap", namespace=any_cluster.namespace).resource_version
    stream = any_cluster.cluster.watch(
        "", "ConfigMap", namespace=any_cluster.namespace, resource_version=start, timeout_seconds=10
    )
    later = threading.Timer(0.3, lambda: apply(any_cluster, config_map(data={"colour": "red"})))
    later.start()
    began = time.monotonic()
    event = next(event for event in stream if event.kind is not WatchKind.BOOKMARK)
    took = time.monotonic() - began
    later.join()
    stream.close()  # type: ignore[attr-defined]  # a generator, as the port's words ask for
    assert event.object["data"] == {"colour": "red"}
    assert 0.2 < took < 3


def test_a_watch_ends_by_itself_after_its_time(any_cluster: Place) -> None:
    start = any_cluster.cluster.list("", "ConfigMap", namespace=any_cluster.namespace).resource_version
    began = time.monotonic()
    watched(any_cluster, start, seconds=1)
    assert 0.8 < time.monotonic() - began < 4


def test_a_quiet_watch_is_given_a_bookmark_before_it_ends(any_cluster: Place) -> None:
    listing = any_cluster.cluster.list("", "ConfigMap", namespace=any_cluster.namespace)
    seen = watched(any_cluster, listing.resource_version, seconds=4)
    marks = [entry for entry in seen if entry[0] == WatchKind.BOOKMARK]
    assert marks
    assert int(marks[-1][2]) >= int(listing.resource_version)


def test_a_watch_of_another_namespace_hears_nothing_of_ours(any_cluster: Place) -> None:
    start = any_cluster.cluster.list("", "ConfigMap", namespace="kube-public").resource_version
    apply(any_cluster, config_map())
    stream = any_cluster.cluster.watch(
        "", "ConfigMap", namespace="kube-public", resource_version=start, timeout_seconds=1
    )
    assert [
        event.object["metadata"]["name"] for event in stream if event.kind is not WatchKind.BOOKMARK
    ] == []


def test_a_very_old_version_is_expired_or_told_in_full_but_never_silently_cut(any_cluster: Place) -> None:
    apply(any_cluster, config_map("one"))
    try:
        seen = watched(any_cluster, "1", seconds=1)
    except WatchExpired:
        return
    assert ("ADDED", "one") in [entry[:2] for entry in seen]


def test_a_version_from_the_future_brings_nothing_of_the_past(any_cluster: Place) -> None:
    """A restored cluster, or another one behind the same address: what was before must not look new."""
    apply(any_cluster, config_map("one"))
    try:
        seen = watched(any_cluster, str(10**9), seconds=1)
    except (WatchExpired, Unreachable):
        return
    assert [entry for entry in seen if entry[0] != WatchKind.BOOKMARK] == []


def test_a_list_in_pages_is_the_list(any_cluster: Place, raw: Raw) -> None:
    for number in range(5):
        apply(any_cluster, config_map(f"page-{number}"))
    names: list[str] = []
    token = ""
    for _ in range(10):
        query: dict[str, Any] = {"limit": 2, "continue": token}
        answer = raw("GET", "configmaps", query=query).body
        names += [item["metadata"]["name"] for item in answer["items"]]
        assert len(answer["items"]) <= 2
        token = answer["metadata"].get("continue", "")
        if not token:
            break
    assert [name for name in names if name.startswith("page-")] == [f"page-{number}" for number in range(5)]


def test_a_list_is_filtered_by_labels(any_cluster: Place) -> None:
    apply(any_cluster, config_map("front", labels={"tier": "front"}))
    apply(any_cluster, config_map("back", labels={"tier": "back"}))
    for selector, expected in (
        ("tier=front", ["front"]),
        ("tier!=front,tier", ["back"]),
        ("tier in (front,back)", ["back", "front"]),
    ):
        found = any_cluster.cluster.list(
            "", "ConfigMap", namespace=any_cluster.namespace, label_selector=selector
        )
        assert [item["metadata"]["name"] for item in found.items] == expected


def test_a_list_is_filtered_by_name_and_refuses_other_fields(any_cluster: Place, raw: Raw) -> None:
    apply(any_cluster, config_map("one"))
    apply(any_cluster, config_map("other"))
    found = raw("GET", "configmaps", query={"fieldSelector": "metadata.name=one"})
    assert [item["metadata"]["name"] for item in found.body["items"]] == ["one"]
    assert raw("GET", "configmaps", query={"fieldSelector": "data.colour=blue"}).status == 400


def test_list_items_carry_no_kind_but_the_list_does(any_cluster: Place, raw: Raw) -> None:
    apply(any_cluster, config_map())
    body = raw("GET", "configmaps").body
    assert (body["kind"], body["apiVersion"]) == ("ConfigMapList", "v1")
    assert "kind" not in body["items"][0]


def test_a_watch_line_is_one_json_object(any_cluster: Place, raw: Raw) -> None:
    start = any_cluster.cluster.list("", "ConfigMap", namespace=any_cluster.namespace).resource_version
    apply(any_cluster, config_map())
    status, lines = raw.transport.stream(
        f"/api/v1/namespaces/{any_cluster.namespace}/configmaps",
        query={"watch": "true", "resourceVersion": start, "timeoutSeconds": 1},
        idle_seconds=5,
    )
    assert status == 200
    [event] = [
        event for event in map(json.loads, lines) if event["object"]["metadata"]["name"] != "kube-root-ca.crt"
    ]
    assert (event["type"], event["object"]["kind"]) == ("ADDED", "ConfigMap")
