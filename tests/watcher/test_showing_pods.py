"""What the watcher tells of pods goes to viewers at once, and never contradicts what the worker tells."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from slipway.engine.health import Assessment, Health
from slipway.engine.health.values import PodHealth
from slipway.engine.objects import Manifest, ObjectKey
from slipway.ports.clusters import Propagation
from tests.people import People
from tests.watcher.conftest import Shop, WatcherProcess, deployment, make_rollout, until

WEB = ObjectKey("apps", "Deployment", "shop", "web")
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
RUNNING = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}


def pod(uid: str = "a", *, version: str = "20", node: str = "one", **status: Any) -> Manifest:
    metadata = {"uid": uid, "name": f"web-{uid}", "resourceVersion": version}
    return {"metadata": metadata, "spec": {"nodeName": node}, "status": status or READY}


def seen(uid: str = "a", *, version: str = "10", **values: Any) -> PodHealth:
    """As the worker's look has it."""
    facts = {"health": Health.PROGRESSING, "sentence": "starting", "restarts": 0, "node": "one", **values}
    return PodHealth("shop", f"web-{uid}", uid, WEB, "web-1", True, version=version, **facts)


@pytest.fixture
def active(db: None, people: People) -> Shop:
    made = make_rollout(people)
    made.set_rollout(phase="progressing")
    look(made, seen("a"), seen("b"))
    return made


def look(shop: Shop, *pods: PodHealth) -> list[Any]:
    """Stores what the worker saw. Answers the events' bodies."""
    from apps.rollouts.services.observing import progress_of

    row = shop.set_rollout()
    progress, events = progress_of(row, Assessment((), pods))
    shop.set_rollout(progress=progress)
    return [event.body for event in events]


def tell(shop: Shop, *pods: Manifest, gone: tuple[str, ...] = ()) -> int:
    from apps.rollouts.services.observing import observe_pods

    return observe_pods(shop.organization_id, shop.target.id, pods, gone=gone)


def newest_event(shop: Shop) -> Any:
    from apps.core import scopes
    from apps.rollouts.models import Event

    with scopes.organization(shop.organization_id):
        return Event.objects.filter(rollout_id=shop.rollout.id).latest("number")


def test_a_change_of_a_pod_is_one_numbered_event_of_what_differs(active: Shop) -> None:
    number = active.set_rollout().event_number
    assert tell(active, pod("a"), pod("b", version="11", phase="Pending")) == number + 1
    event = newest_event(active)
    picture = {
        "name": "web-a",
        "owner": str(WEB),
        "set": "web-1",
        "new": True,
        "health": "healthy",
        "sentence": "ready",
        "restarts": 0,
        "node": "one",
        "ending": False,
    }
    assert (event.number, event.kind) == (number + 1, "observed")
    row = active.set_rollout()
    told = {"sentence": row.sentence}
    assert event.body == {"objects": {}, "pods": {"a": picture}, "gone_pods": [], "turned": {}, "now": told}
    assert (row.event_number, row.progress["pods"]["a"], row.phase) == (number + 1, picture, "progressing")
    assert tell(active, pod("a"), pod("a", version="21")) == 0


def test_an_older_sight_replaces_no_newer_one_whoever_has_it(active: Shop) -> None:
    assert tell(active, pod("a", version="9")) == 0  # the worker has seen the tenth
    assert tell(active, pod("a", version="20")) != 0
    assert look(active, seen("a", version="10"), seen("b")) == []  # began before the twentieth came
    assert active.set_rollout().progress["pods"]["a"]["sentence"] == "ready"
    again = seen("a", version="21", health=Health.HEALTHY, sentence="ready", restarts=1)
    (body,) = look(active, again, seen("b"))
    assert list(body["pods"]) == ["a"]


def test_versions_that_are_no_numbers_are_taken_as_they_come(active: Shop) -> None:
    look(active, seen("a", version="x9"), seen("b"))
    assert tell(active, pod("a", version="x9")) == 0
    assert tell(active, pod("a", version="x10")) != 0


def test_a_pod_that_went_stays_away_though_an_older_look_still_shows_it(active: Shop) -> None:
    assert tell(active, pod("a"), gone=("a", "stranger")) != 0
    body = newest_event(active).body
    assert (body["objects"], body["pods"], body["gone_pods"]) == ({}, {}, ["a"])
    assert look(active, seen("a"), seen("b")) == []
    assert tell(active, gone=("a",)) == 0
    assert look(active, seen("b")) == []
    row = active.set_rollout()
    assert (list(row.progress["pods"]), row.progress["gone"]) == (["b"], [])


def test_a_pod_that_the_worker_does_not_know_yet_and_other_targets_are_left_to_it(
    active: Shop, people: People
) -> None:
    from apps.rollouts.services.observing import observe_pods

    assert tell(active, pod("new")) == 0
    assert observe_pods(people.globex.id, active.target.id, [pod("a")]) == 0
    assert observe_pods(active.organization_id, active.cluster.id, [pod("a")]) == 0
    active.set_rollout(phase="waiting")
    assert tell(active, pod("a")) == 0


@pytest.mark.parametrize(
    ("told", "status", "sentence"),
    [
        ("Readiness probe failed: 503", RUNNING, "Readiness probe failed: 503"),  # an Event's words
        ("starting", RUNNING, "running, not ready yet"),
        ("Readiness probe failed: 503", READY, "ready"),
    ],
)
def test_words_that_come_from_an_event_stay_until_the_pod_is_better(
    active: Shop, told: str, status: Manifest, sentence: str
) -> None:
    look(active, seen("a", sentence=told), seen("b"))
    tell(active, pod("a", **status))
    assert active.set_rollout().progress["pods"]["a"]["sentence"] == sentence


@pytest.mark.parametrize("any_cluster", ["sandbox"], indirect=True)
def test_a_pods_change_is_shown_while_no_worker_runs(
    shop: Shop, watchers: Callable[[], WatcherProcess]
) -> None:
    place = shop.place
    place.cluster.apply(shop.mark(deployment("web")), manager="tests")
    key = place.key("Deployment", "web", "apps")
    place.until(
        lambda: ((place.cluster.read(key) or {}).get("status") or {}).get("readyReplicas"), what="one pod"
    )
    (live,) = place.cluster.list("", "Pod", namespace=place.namespace).items
    uid = live["metadata"]["uid"]
    watchers().until("shard_taken", times=2)
    until(lambda: shop.row().reachability == "reachable", seconds=10)
    time.sleep(1)  # its streams have listed
    look(shop, seen(uid, version=live["metadata"]["resourceVersion"]))

    started = time.monotonic()
    place.cluster.patch_json(
        place.key("Pod", live["metadata"]["name"]),
        [{"op": "add", "path": "/metadata/labels/touched", "value": "yes"}],
        manager="tests",
    )
    until(lambda: shop.set_rollout().progress["pods"][uid]["sentence"] == "ready", seconds=5)
    assert time.monotonic() - started < 2.0  # some 20 ms; the rest is a busy machine's

    place.cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND)
    until(lambda: uid not in shop.set_rollout().progress["pods"], seconds=20)
    assert newest_event(shop).body["gone_pods"] == [uid]
