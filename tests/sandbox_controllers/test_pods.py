from __future__ import annotations

import pytest

from slipway.sandbox.controllers import LogsUnavailable, pod_logs
from slipway.sandbox.controllers.faults import ANNOTATION, Behaviour, Fault, behaviour
from slipway.sandbox.store import Manifest
from tests.sandbox_controllers.conftest import World, pod_template


def pod(name: str = "one", image: str = "web:v1", fault: str = "", **spec: object) -> Manifest:
    template = pod_template(name, image, **spec)
    metadata: Manifest = {"name": name, "labels": {"app": name}}
    if fault:
        metadata["annotations"] = {ANNOTATION: fault}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def status(world: World, name: str = "one") -> Manifest:
    found = world.store.get(("", "Pod"), "shop", name)
    return (found or {}).get("status") or {}


def container(world: World, name: str = "one") -> Manifest:
    return (status(world, name).get("containerStatuses") or [{"state": {}, "restartCount": 0}])[0]


@pytest.mark.parametrize(
    ("image", "fault"),
    [
        ("registry.local/web:v1", Fault.NONE),
        ("registry.local/missing:v1", Fault.IMAGE_MISSING),
        ("registry.local/web:bad", Fault.IMAGE_MISSING),
        ("registry.local/embad:1", Fault.NONE),
        ("registry.local/crash:1", Fault.CRASH_LOOP),
        ("registry.local/never-ready:1", Fault.NEVER_READY),
        ("registry.local/unready:1", Fault.NEVER_READY),
        ("registry.local/slow:1", Fault.SLOW_START),
        ("registry.local/fail:1", Fault.FAILS),
        ("bad.registry.local/web:v1", Fault.NONE),
        ("registry.local/web@sha256:bad", Fault.NONE),
    ],
)
def test_an_image_s_own_name_declares_the_fault(image: str, fault: Fault) -> None:
    assert behaviour({"metadata": {}}, image).fault is fault


def test_an_annotation_wins_over_the_name() -> None:
    declared = {"metadata": {"annotations": {ANNOTATION: "slow-start=2.5"}}}
    assert behaviour(declared, "registry.local/crash:1") == Behaviour(Fault.SLOW_START, 2.5)
    unknown = {"metadata": {"annotations": {ANNOTATION: "whatever"}}}
    assert behaviour(unknown, "registry.local/crash:1").fault is Fault.CRASH_LOOP


async def test_a_pod_is_placed_pulled_started_and_ready_with_its_events(world: World) -> None:
    world.make(pod())
    await world.until(lambda: container(world).get("ready"))
    found = status(world)
    assert found["phase"] == "Running"
    assert {entry["type"]: entry["status"] for entry in found["conditions"]} == dict.fromkeys(
        ("Initialized", "Ready", "ContainersReady", "PodScheduled"), "True"
    )
    reasons = [one["reason"] for one in world.store.list(("", "Event"), "shop")]
    assert sorted(reasons) == ["Created", "Pulled", "Pulling", "Scheduled", "Started"]


async def test_init_containers_come_first_and_a_crashing_one_keeps_the_rest_waiting(world: World) -> None:
    inits = [{"name": "first", "image": "crash:1"}]
    world.make(pod(initContainers=inits))
    await world.until(lambda: (status(world).get("initContainerStatuses") or [{}])[0].get("restartCount"))
    assert status(world)["phase"] == "Pending"
    assert container(world)["state"] == {"waiting": {"reason": "PodInitializing"}}


async def test_init_containers_that_end_let_the_pod_begin(world: World) -> None:
    world.make(pod(initContainers=[{"name": "first", "image": "busybox:1"}]))
    await world.until(lambda: container(world).get("ready"))
    assert status(world)["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 0


async def test_a_crash_loop_counts_restarts_and_keeps_how_it_ended(world: World) -> None:
    world.make(pod(fault="crash-loop"))
    await world.until(lambda: container(world)["restartCount"] >= 3)
    await world.until(
        lambda: (container(world)["state"].get("waiting") or {}).get("reason") == "CrashLoopBackOff"
    )
    assert container(world)["lastState"]["terminated"]["exitCode"] == 1
    assert status(world)["phase"] == "Running"


async def test_a_failing_liveness_probe_restarts_a_container_that_was_ready(world: World) -> None:
    world.make(pod(fault="failing-probe"))
    await world.until(lambda: container(world).get("ready"))
    await world.until(lambda: container(world)["restartCount"] >= 1)
    assert container(world)["lastState"]["terminated"]["exitCode"] == 137
    [told] = world.events("Unhealthy")
    assert (told["message"], told["count"]) == (
        "Liveness probe failed: HTTP probe failed with statuscode: 500",
        3,
    )


async def test_a_declared_unschedulable_pod_says_what_a_scheduler_says(world: World) -> None:
    world.make(pod(fault="unschedulable"))
    await world.until(lambda: world.events("FailedScheduling"))
    [condition] = status(world)["conditions"]
    assert condition["reason"] == "Unschedulable"
    assert condition["message"].startswith("0/3 nodes are available: 3 node(s) didn't match")


async def test_a_deleted_pod_stops_within_its_grace(world: World) -> None:
    world.make(pod())
    await world.until(lambda: container(world).get("ready"))
    world.store.delete(("", "Pod"), "shop", "one", grace=30)
    await world.until(lambda: world.store.get(("", "Pod"), "shop", "one") is None)
    assert [one["message"] for one in world.events("Killing")] == ["Stopping container web"]


async def test_logs_tell_what_was_simulated(world: World) -> None:
    world.make(pod(image="crash:1"))
    await world.until(lambda: container(world)["restartCount"] >= 1)
    lines = pod_logs(world.store, "shop", "one", container="", tail_lines=None, previous=True).splitlines()
    assert lines[0].endswith("sandbox: simulating web of crash:1; nothing really runs")
    assert lines[-1].endswith("a fault was declared: ending with exit code 1")
    with pytest.raises(LogsUnavailable) as refused:
        pod_logs(world.store, "shop", "one", container="other", tail_lines=None, previous=False)
    assert str(refused.value) == "container other is not valid for pod one"
