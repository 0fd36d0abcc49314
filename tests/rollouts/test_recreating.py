"""From a rolling update to Recreate and back: the server takes the first only in two writes."""

from __future__ import annotations

import pytest

from apps.rollouts.models import PlanRecord, Rollout
from tests.enduring.test_kills import Killed, revive
from tests.rollouts.journey import Journey, shop

RECREATE = "strategy: {type: Recreate}\n  selector"
ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}


def recreating(image: str) -> str:
    return shop(image).replace("selector", RECREATE, 1)


def strategy_changes(journey: Journey, rollout: Rollout) -> dict[str, tuple[object, object]]:
    """Of the newest plan: path → before, after."""
    with journey.scope():
        plan = PlanRecord.objects.filter(rollout_id=rollout.id).latest("number").body["plan"]
    return {
        change["path"]: (change["before"], change["after"])
        for planned in plan["objects"]
        for change in planned["changes"]
        if change["path"].startswith("spec.strategy")
    }


def test_a_release_that_says_recreate_follows_a_rolling_one_and_is_taken_back(journey: Journey) -> None:
    first = journey.release("1.0.0", shop())
    journey.succeeded(journey.start(first))
    assert journey.deployment()["spec"]["strategy"] == ROLLING

    rollout = journey.succeeded(journey.start(journey.release("1.1.0", recreating("shop/web:2"))))
    assert strategy_changes(journey, rollout) == {
        "spec.strategy.rollingUpdate": (ROLLING["rollingUpdate"], None),
        "spec.strategy.type": ("RollingUpdate", "Recreate"),
    }
    assert journey.deployment()["spec"]["strategy"] == {"type": "Recreate"}
    assert journey.image() == "shop/web:2"
    assert journey.differences() == []
    assert rollout.plan_number == 1  # the last comparison found the very plan that was shown

    back = journey.succeeded(journey.start(first))
    assert strategy_changes(journey, back) == {
        "spec.strategy.rollingUpdate": (None, ROLLING["rollingUpdate"]),
        "spec.strategy.type": ("Recreate", "RollingUpdate"),
    }
    assert journey.deployment()["spec"]["strategy"] == ROLLING
    assert journey.differences() == []
    journey.succeeded(journey.start(journey.release("1.2.0", recreating("shop/web:3"))))
    assert journey.deployment()["spec"]["strategy"] == {"type": "Recreate"}


def test_an_environment_that_recreates_does_so_over_what_was_rolled_and_starts_no_pod_before(
    journey: Journey,
) -> None:
    journey.deployed("1.0.0", shop())
    rolled = journey.deployment()["metadata"]["generation"]
    with journey.scope():
        environment = journey.environments["production"]
        environment.strategy = "recreate"
        environment.save()
    journey.tap.clear()
    journey.deployed("1.1.0", shop("shop/web:2"))
    assert journey.deployment()["spec"]["strategy"] == {"type": "Recreate"}
    # Owning the values first changed nothing that a controller acts on: one change of the object, not two.
    assert journey.tap.names().count("apply Deployment web") == 2
    assert journey.deployment()["metadata"]["generation"] == rolled + 1
    assert journey.differences() == []


def test_a_worker_killed_between_the_two_writes_is_followed_by_one_that_makes_the_second(
    journey: Journey,
) -> None:
    journey.deployed("1.0.0", shop())
    written = 0

    def kill(method: str, what: str, writes: bool) -> None:
        nonlocal written
        if writes and what.startswith("Deployment"):
            written += 1
            if written == 1:
                raise Killed

    journey.tap.after = kill
    rollout = journey.start(journey.release("1.1.0", recreating("shop/web:2")))
    with pytest.raises(Killed):
        journey.ended(rollout)
    assert journey.deployment()["spec"]["strategy"] == ROLLING
    assert journey.image() == "shop/web:1"
    revive(journey)
    journey.succeeded(rollout)
    assert written == 2  # the first was not made again
    assert journey.deployment()["spec"]["strategy"] == {"type": "Recreate"}
    assert journey.differences() == []


def test_values_that_somebody_else_owns_too_refuse_the_plan_with_their_owner(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    live = journey.deployment()
    journey.write_by_hand(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": live["metadata"]["namespace"]},
            "spec": {"strategy": ROLLING},
        }
    )
    rollout = journey.ended(journey.start(journey.release("1.1.0", recreating("shop/web:2"))))
    assert rollout.phase == "failed"
    assert "somebody owns values of its rolling update too" in rollout.end_reason
    assert journey.image() == "shop/web:1"
