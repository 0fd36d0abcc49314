from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from slipway.sandbox import store as stores
from slipway.sandbox.journal import AlreadyOpen
from slipway.sandbox.store import Exists, Gone, Manifest, Missing, StaleVersion, Store

DEPLOYMENT = ("apps", "Deployment")
CONFIG_MAP = ("", "ConfigMap")


def config_map(name: str = "a", **data: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"},
        "data": data,
    }


def deployment(**spec: Any) -> Manifest:
    metadata = {"name": "web", "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def test_a_created_object_has_uid_version_and_generation() -> None:
    store = Store(None)

    made = store.create(deployment(replicas=1))

    assert made["metadata"]["generation"] == 1
    assert made["metadata"]["resourceVersion"] == "1"
    assert store.find(made["metadata"]["uid"]) is made
    with pytest.raises(Exists):
        store.create(deployment())


def test_generation_counts_changes_of_the_spec_alone() -> None:
    store = Store(None)
    made = store.create(deployment(replicas=1))

    status = store.put({**made, "status": {"replicas": 1}})
    spec = store.put({**status, "spec": {"replicas": 2}})

    assert [one["metadata"]["generation"] for one in (made, status, spec)] == [1, 1, 2]


def test_a_put_that_changes_nothing_writes_nothing_and_tells_nobody() -> None:
    store = Store(None)
    made = store.create(config_map(a="1"))
    told: list[str] = []
    store.subscribe(lambda kind, obj: told.append(kind))

    assert store.put({**made, "metadata": {**made["metadata"], "resourceVersion": "0"}}) is made
    assert (store.version, told) == (1, [])


def test_what_did_not_change_is_held_once_over_all_versions() -> None:
    store = Store(None)
    made = store.create(deployment(replicas=1, containers=[{"name": "a"}, {"name": "b"}]))

    after = store.put({**made, "spec": {"replicas": 1, "containers": [{"name": "a"}, {"name": "c"}]}})

    assert after["spec"]["containers"][0] is made["spec"]["containers"][0]
    assert after["spec"]["containers"][1] == {"name": "c"}
    assert made["spec"]["containers"][1] == {"name": "b"}


def test_a_put_of_a_stale_or_another_object_is_refused() -> None:
    store = Store(None)
    first = store.create(config_map(a="1"))
    store.put({**first, "data": {"a": "2"}})

    with pytest.raises(StaleVersion):
        store.put({**first, "data": {"a": "3"}}, expect_version=first["metadata"]["resourceVersion"])
    with pytest.raises(StaleVersion):
        store.put({**first, "metadata": {**first["metadata"], "uid": "other"}})
    with pytest.raises(Missing):
        store.put(config_map("b"))


def test_an_object_with_a_finalizer_goes_when_the_last_one_is_taken() -> None:
    store = Store(None)
    obj = config_map()
    obj["metadata"]["finalizers"] = ["a/b"]
    store.create(obj)

    marked = store.delete(CONFIG_MAP, "shop", "a")
    assert "deletionTimestamp" in marked["metadata"]
    assert store.get(CONFIG_MAP, "shop", "a") is marked

    store.put({**marked, "metadata": {**marked["metadata"], "finalizers": []}})
    assert store.get(CONFIG_MAP, "shop", "a") is None


def test_foreground_and_orphan_leave_their_finalizer_to_the_garbage_collector() -> None:
    store = Store(None)
    store.create(config_map("a"))
    store.create(config_map("b"))

    assert store.delete(CONFIG_MAP, "shop", "a", propagation="Foreground")["metadata"]["finalizers"] == [
        "foregroundDeletion"
    ]
    assert store.delete(CONFIG_MAP, "shop", "b", propagation="Orphan")["metadata"]["finalizers"] == ["orphan"]


def test_a_pod_with_grace_goes_at_the_second_delete() -> None:
    store = Store(None)
    pod = ("", "Pod")
    store.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}})

    store.delete(pod, "shop", "p", grace=30)
    marked = store.get(pod, "shop", "p")
    assert marked is not None
    store.put({**marked, "status": {"phase": "Running"}})  # a kubelet still writes
    assert store.get(pod, "shop", "p") is not None

    store.delete(pod, "shop", "p", grace=0)
    assert store.get(pod, "shop", "p") is None


def test_a_subscriber_that_writes_is_told_in_order() -> None:
    store = Store(None)
    told: list[tuple[str, str]] = []

    def follow(kind: str, obj: Manifest) -> None:
        if kind == "ADDED" and obj["metadata"]["name"] == "a":
            store.create(config_map("b"))

    store.subscribe(follow)
    store.subscribe(lambda kind, obj: told.append((kind, obj["metadata"]["name"])))
    store.create(config_map("a"))

    assert told == [("ADDED", "a"), ("ADDED", "b")]


def test_changes_are_remembered_up_to_the_window_and_then_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "HISTORY", 3)
    store = Store(None)
    live = store.create(config_map(n="0"))
    for number in range(1, 5):
        live = store.put({**live, "data": {"n": str(number)}})

    assert [change.version for change in store.changes_since(CONFIG_MAP, 2)] == [3, 4, 5]
    assert store.changes_since(DEPLOYMENT, 0) == []
    with pytest.raises(Gone, match=r"too old resource version: 1 \(2\)"):
        store.changes_since(CONFIG_MAP, 1)


def test_everything_is_there_after_a_restart_and_versions_go_on(tmp_path: Path) -> None:
    path = tmp_path / "store.jsonl"
    first = Store(path)
    first.create(config_map("a", n="1"))
    kept = first.put({**config_map("a", n="2")})
    first.create(config_map("b"))
    first.delete(CONFIG_MAP, "shop", "b")
    first.close()

    second = Store(path)
    assert second.list(CONFIG_MAP) == [kept]
    assert second.version == 4
    assert [change.kind for change in second.changes_since(CONFIG_MAP, 2)] == ["ADDED", "DELETED"]
    second.close()

    third = Store(path)  # what the second start compacted away can no longer be resumed
    assert third.list(CONFIG_MAP) == [kept]
    assert int(third.create(config_map("c"))["metadata"]["resourceVersion"]) == 5
    with pytest.raises(Gone):
        third.changes_since(CONFIG_MAP, 2)
    third.close()


def test_a_line_that_was_torn_by_a_kill_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "store.jsonl"
    first = Store(path)
    first.create(config_map("a"))
    first.close()
    with path.open("a") as file:
        file.write('{"v":2,"object":{"apiVersion":"v1","ki')

    second = Store(path)
    assert [one["metadata"]["name"] for one in second.list(CONFIG_MAP)] == ["a"]
    second.create(config_map("b"))
    second.close()

    third = Store(path)
    assert [one["metadata"]["name"] for one in third.list(CONFIG_MAP)] == ["a", "b"]
    third.close()


def test_the_journal_is_rewritten_while_running_when_it_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "COMPACT_AFTER", 10)
    path = tmp_path / "store.jsonl"
    store = Store(path)
    live = store.create(config_map(n="0"))
    for number in range(1, 15):
        live = store.put({**live, "data": {"n": str(number)}})

    assert len(path.read_text().splitlines()) < 10
    store.close()
    again = Store(path)
    assert again.get(CONFIG_MAP, "shop", "a") == live
    again.close()


def test_two_processes_never_share_one_folder(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.jsonl")
    with pytest.raises(AlreadyOpen):
        Store(tmp_path / "store.jsonl")
    store.close()
