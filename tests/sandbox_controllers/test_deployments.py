from __future__ import annotations

import asyncio

from slipway.sandbox import controllers
from slipway.sandbox.controllers.conditions import find
from slipway.sandbox.controllers.revisions import HISTORY, REVISION
from slipway.sandbox.store import Manifest, Store
from tests.sandbox_controllers.conftest import SPEED, World, pod_template, workload


def reason(deployment: Manifest, kind: str = "Progressing") -> str:
    return str((find((deployment.get("status") or {}).get("conditions"), kind) or {}).get("reason", ""))


def is_done(world: World) -> bool:
    live = world.get("Deployment", "web")
    status = live.get("status") or {}
    wanted = live["spec"]["replicas"]
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    seen = status.get("observedGeneration") == live["metadata"]["generation"]
    return seen and counts == [wanted] * 3 and reason(live) == "NewReplicaSetAvailable"


async def test_a_deployment_gets_its_pods_ready_and_says_so(world: World) -> None:
    made = world.make(workload("Deployment"))
    await world.until(lambda: is_done(world))
    live = world.get("Deployment", "web")
    assert live["status"]["readyReplicas"] == 3
    assert "unavailableReplicas" not in live["status"]
    assert reason(live, "Available") == "MinimumReplicasAvailable"
    assert live["metadata"]["annotations"][REVISION] == "1"
    [replica_set] = world.children(made, "ReplicaSet")
    assert [one["message"] for one in world.events("ScalingReplicaSet")] == [
        f"Scaled up replica set {replica_set['metadata']['name']} from 0 to 3"
    ]
    assert len(world.events("SuccessfulCreate")) == 3


async def test_a_rolling_update_keeps_within_its_surge_and_its_availability(world: World) -> None:
    made = world.make(workload("Deployment", replicas=4))
    await world.until(lambda: is_done(world))
    seen: list[tuple[int, int]] = []

    def note(_change: str, obj: Manifest) -> None:
        if obj["kind"] == "ReplicaSet":
            sets = world.children(made, "ReplicaSet")
            sizes = sum(one["spec"]["replicas"] for one in sets)
            seen.append((sizes, sum(one["status"].get("availableReplicas", 0) for one in sets)))

    world.store.subscribe(note)
    world.edit(made, template=pod_template("web", "web:v2"))
    await world.until(lambda: is_done(world) and len(world.pods()) == 4)
    assert {pod["spec"]["containers"][0]["image"] for pod in world.pods()} == {"web:v2"}
    assert max(total for total, _ in seen) == 5  # 4 + 25 %
    assert min(available for _, available in seen) >= 3  # 4 - 25 %
    assert world.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "2"


async def test_going_back_uses_the_old_replica_set_and_counts_on(world: World) -> None:
    made = world.make(workload("Deployment", replicas=1))
    await world.until(lambda: is_done(world))
    [first] = world.children(made, "ReplicaSet")
    world.edit(made, template=pod_template("web", "web:v2"))
    await world.until(lambda: is_done(world))
    world.edit(made, template=pod_template("web"))
    await world.until(lambda: is_done(world))
    again = world.get("ReplicaSet", first["metadata"]["name"])
    assert again["spec"]["replicas"] == 1
    assert again["metadata"]["annotations"][REVISION] == "3"
    assert again["metadata"]["annotations"][HISTORY] == "1"
    assert len(world.children(made, "ReplicaSet")) == 2


async def test_a_bad_image_leaves_the_old_pods_and_passes_the_deadline(world: World) -> None:
    made = world.make(workload("Deployment", progressDeadlineSeconds=10))
    await world.until(lambda: is_done(world))
    world.edit(made, template=pod_template("web", "missing:v2"))
    await world.until(lambda: reason(world.get("Deployment", "web")) == "ProgressDeadlineExceeded", seconds=8)
    live = world.get("Deployment", "web")
    assert live["status"]["availableReplicas"] == 3
    assert live["status"]["unavailableReplicas"] == 1
    pulls = [one for one in world.events("Failed") if one["message"].startswith("Failed to pull")]
    assert pulls[0]["count"] >= 3


async def test_the_stored_object_is_never_written_when_nothing_changes(world: World) -> None:
    world.make(workload("Deployment"))
    await world.until(lambda: is_done(world))
    await world.settled()
    version = world.store.version
    await asyncio.sleep(0.3)
    assert world.store.version == version


async def test_a_restart_in_the_middle_goes_on_from_what_was_stored(world: World) -> None:
    """As after kill -9: the controllers begin anew on the objects alone."""
    made = world.make(workload("Deployment", image="crash:1", replicas=1))

    def restarts(store: Store) -> int:
        pods = store.list(("", "Pod"), "shop")
        statuses = (pods[0].get("status") or {}).get("containerStatuses") if pods else None
        return statuses[0]["restartCount"] if statuses else 0

    await world.until(lambda: restarts(world.store) >= 2)
    copy = Store(None)
    for gk in world.store.kinds():
        for obj in world.store.list(gk):
            copy.create({**obj, "metadata": {**obj["metadata"]}}, uid=obj["metadata"]["uid"])
    before = restarts(copy)
    again = asyncio.create_task(controllers.run(copy, speed=SPEED))
    try:
        await world.until(lambda: restarts(copy) > before)
    finally:
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
    assert len(copy.list(("", "Pod"), "shop")) == 1
    assert made["metadata"]["name"] == "web"
