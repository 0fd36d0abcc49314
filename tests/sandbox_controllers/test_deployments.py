from __future__ import annotations

from slipway.sandbox.controllers.conditions import find
from slipway.sandbox.controllers.revisions import REVISION
from slipway.sandbox.store import Manifest
from tests.sandbox_controllers.conftest import World, pod_template, workload


def reason(deployment: Manifest, kind: str = "Progressing") -> str:
    return str((find((deployment.get("status") or {}).get("conditions"), kind) or {}).get("reason", ""))


async def test_a_deployment_gets_its_pods_ready_and_says_so(world: World) -> None:
    made = world.make(workload("Deployment"))
    await world.until(lambda: reason(world.get("Deployment", "web")) == "NewReplicaSetAvailable")
    status = world.get("Deployment", "web")["status"]
    assert (status["replicas"], status["readyReplicas"], status["availableReplicas"]) == (3, 3, 3)
    assert status["updatedReplicas"] == 3
    assert "unavailableReplicas" not in status
    assert reason(world.get("Deployment", "web"), "Available") == "MinimumReplicasAvailable"
    assert world.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "1"
    assert [one["message"] for one in world.events("ScalingReplicaSet")] == [
        f"Scaled up replica set {world.children(made, 'ReplicaSet')[0]['metadata']['name']} from 0 to 3"
    ]


async def test_a_rolling_update_keeps_within_its_surge_and_its_availability(world: World) -> None:
    made = world.make(workload("Deployment", replicas=4))
    await world.until(lambda: reason(world.get("Deployment", "web")) == "NewReplicaSetAvailable")
    seen: list[tuple[int, int]] = []

    def note(_change: str, obj: Manifest) -> None:
        if obj["kind"] == "ReplicaSet":
            sets = world.children(made, "ReplicaSet")
            seen.append(
                (
                    sum(one["spec"]["replicas"] for one in sets),
                    sum(one["status"].get("availableReplicas", 0) for one in sets),
                )
            )

    world.store.subscribe(note)
    world.edit(made, template=pod_template("web", "web:v2"))
    await world.until(
        lambda: len(world.pods()) == 4 and all("v2" in str(pod["spec"]) for pod in world.pods())
    )
    await world.until(lambda: reason(world.get("Deployment", "web")) == "NewReplicaSetAvailable")
    assert max(total for total, _ in seen) == 5  # 4 + 25 %
    assert min(available for _, available in seen) >= 3  # 4 - 25 %
    assert world.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "2"
