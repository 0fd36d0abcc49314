from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from slipway.ports.clusters import Propagation
from tests.watcher.conftest import Shop, Wakes, WatcherProcess, deployment, until


def test_a_change_wakes_its_rollout_within_a_second_and_a_busy_rollout_wakes_it_no_more_than_ten_times_a_second(
    shop: Shop, watchers: Callable[[], WatcherProcess], wakes: Wakes
) -> None:
    place = shop.place
    watcher = watchers()
    watcher.until("shard_taken", times=2)
    until(lambda: shop.row().reachability == "reachable", seconds=10)
    wakes.clear()

    took = []
    for replicas in (1, 2, 3):  # the quickest counts: on a busy machine the others measure the machine
        started = time.monotonic()
        place.cluster.apply(shop.mark(deployment("web", replicas=replicas)), manager="tests")
        woken = wakes.next(seconds=5)
        took.append(time.monotonic() - started)
        assert woken == {
            "task": "rollouts.advance",
            "organization": str(shop.organization_id),
            "rollout": str(shop.rollout.id),
        }
        if replicas < 3:
            wakes.clear()
    assert min(took) < 1.0

    place.until(lambda: _ready(shop) == 3, what="three pods", seconds=60)
    seconds = time.monotonic() - started
    time.sleep(0.3)
    assert wakes.pending() <= 10 * (seconds + 0.3) + 1
    assert watcher.end() == 0


def test_a_pod_and_a_deletion_wake_the_rollout_that_they_belong_to(
    shop: Shop, watchers: Callable[[], WatcherProcess], wakes: Wakes
) -> None:
    place = shop.place
    place.cluster.apply(shop.mark(deployment("web")), manager="tests")
    place.until(lambda: _ready(shop) == 1, what="one pod", seconds=60)
    watchers().until("shard_taken", times=2)
    until(lambda: shop.row().reachability == "reachable", seconds=10)
    wakes.clear()

    pod = place.cluster.list("", "Pod", namespace=place.namespace).items[0]
    key = place.key("Pod", pod["metadata"]["name"])
    place.cluster.patch_json(
        key, [{"op": "add", "path": "/metadata/labels/touched", "value": "yes"}], manager="tests"
    )
    assert wakes.next(seconds=5) is not None

    wakes.clear()
    place.cluster.delete(
        place.key("Deployment", "web", "apps"), precondition=None, propagation=Propagation.BACKGROUND
    )
    assert wakes.next(seconds=5) is not None


@pytest.mark.parametrize("any_cluster", ["sandbox"], indirect=True)
def test_what_concerns_no_target_wakes_nobody(
    shop: Shop, watchers: Callable[[], WatcherProcess], wakes: Wakes
) -> None:
    watchers().until("shard_taken", times=2)
    until(lambda: shop.row().reachability == "reachable", seconds=10)
    wakes.clear()

    shop.place.cluster.apply(shop.place.placed(deployment("strangers")), manager="tests")
    copied = shop.mark(deployment("web"))  # another object that carries the mark of `web`
    copied["metadata"]["name"] = "copy"
    shop.place.cluster.apply(copied, manager="tests")

    assert wakes.next(seconds=2) is None


def _ready(shop: Shop) -> int:
    live = shop.place.cluster.read(shop.place.key("Deployment", "web", "apps"))
    return int(((live or {}).get("status") or {}).get("readyReplicas") or 0)
