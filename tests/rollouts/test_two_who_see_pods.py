"""The worker's looks and the watcher's word about the same pods, taken in turns over a whole rollout."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from apps.rollouts.models import Event, Rollout
from apps.rollouts.services.observing import observe_pods
from slipway.engine.objects import Manifest, resource_version_of, uid_of
from slipway.engine.phases import ACTIVE
from tests.rollouts.driver import of
from tests.rollouts.journey import Journey, shop

pytestmark = pytest.mark.parametrize(
    "journey", ["sandbox"], indirect=True
)  # fake nodes' pods have no troubles


def pods_of(journey: Journey) -> list[Manifest]:
    return list(journey.cluster.list("", "Pod", namespace=journey.namespace()).items)


def told_after_each_look(journey: Journey, told: list[int]) -> Callable[[str, str, bool], None]:
    """The pods as they are now: newer than the look that the worker has just had and has not written down yet."""

    def after(method: str, what: str, writes: bool) -> None:
        if method == "observe":
            time.sleep(0.1)  # so that some have moved
            told.append(observe_pods(journey.people.acme.id, journey.target().id, pods_of(journey)))

    return after


def pictures(journey: Journey, rollout: Rollout) -> dict[str, list[Any]]:
    """By pod, as viewers saw them one after the other. None: gone."""
    found = defaultdict(list)
    with journey.scope():
        for event in Event.objects.filter(rollout_id=rollout.id, kind="observed").order_by("number"):
            for uid, picture in event.body["pods"].items():
                found[uid].append(picture)
            for uid in event.body["gone_pods"]:
                found[uid].append(None)
    return found


def test_no_pod_is_shown_twice_in_the_same_state_while_a_release_rolls_out(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    told: list[int] = []
    journey.tap.after = told_after_each_look(journey, told)
    second = journey.deployed("1.1.0", shop("shop/slow:2"))

    assert any(told)
    assert journey.kinds(second).count("observed") > sum(map(bool, told))  # and its numbers have no gap
    shown = pictures(journey, second)
    for uid, states in shown.items():
        told = [json.dumps(state, sort_keys=True) for state in states]
        assert len(told) == len(set(told)), (uid, states)
    assert [states[-1]["sentence"] for states in shown.values() if states[-1] and states[-1]["new"]] == [
        "ready",
        "ready",
    ]


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ("shop/web:1", "ready"),
        ("shop/missing:1", "cannot be pulled"),
        ("shop/crash:1", "CrashLoopBackOff"),
        ("shop/never-ready:1", "Readiness probe failed"),
    ],
)
def test_of_a_pod_that_did_not_change_both_say_the_same(journey: Journey, image: str, sentence: str) -> None:
    """A version that is newer and otherwise the same is nothing to show, whatever Events the worker has read."""
    environment = journey.environment()
    with journey.scope():
        environment.bake_seconds = 2
        environment.save()
    probe = "        readinessProbe: {periodSeconds: 1, httpGet: {path: /, port: 8080}}\n"
    rollout = journey.start(
        journey.release("1.0.0", shop(image).replace("        ports:", f"{probe}        ports:"))
    )
    agreed: set[str] = set()

    def compare(row: Rollout) -> bool:
        if row.phase not in ACTIVE or not row.progress:
            return row.ended_at is not None
        for pod in pods_of(journey):
            uid, version = uid_of(pod), resource_version_of(pod)
            if row.progress["versions"].get(uid) != version:
                continue
            pod["metadata"]["resourceVersion"] = str(int(version) + 1_000_000)
            assert observe_pods(journey.people.acme.id, row.target_id, [pod]) == 0, row.progress["pods"][uid]
            agreed.add(row.progress["pods"][uid]["sentence"])
        return any(sentence in word for word in agreed)

    journey.until(rollout, compare, seconds=40)
    assert any(sentence in word for word in agreed), agreed
    assert of(rollout).ended_at is None
