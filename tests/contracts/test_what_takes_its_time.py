"""Pods in trouble (rule 19) and an autoscaler. Each takes its real time, so all are started at once, on every cluster,
and looked at one by one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from slipway.engine.health import Health, ObjectHealth, assess
from slipway.engine.objects import Manifest, ObjectKey
from slipway.ports.clusters import Refused
from tests.clusters import Place, SandboxProcess, place_on
from tests.contracts.manifests import MANAGER, deployment

# Names and why; the image's name declares the fault on the sandbox and on fake nodes.
TROUBLES = {
    "bad": deployment("bad", "registry.local/missing:v1"),
    "crash": deployment("crash", "registry.local/crash:1"),
    "unready": deployment(
        "unready",
        "registry.local/unready:v1",
        pod={
            "container": {
                "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}
            }
        },
    ),
    "slow": deployment("slow", "registry.local/slow:1"),
}
SCALED = deployment("scaled", replicas=1)
AUTOSCALER: Manifest = {
    "apiVersion": "autoscaling/v1",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "scaled"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "scaled"},
        "minReplicas": 2,
        "maxReplicas": 3,
    },
}
# One worker does all of this file: the beginning is shared.
pytestmark = pytest.mark.xdist_group("what takes its time")


@pytest.fixture(scope="module")
def everywhere(sandbox: SandboxProcess) -> Iterator[dict[str, Place]]:
    """Begun on every cluster at the same time: what takes half a minute takes it once."""
    paths = {"sandbox": sandbox.kubeconfig_path}
    if named := os.environ.get("SLIPWAY_TEST_KUBECONFIG"):
        paths["real"] = Path(named)
    with contextlib.ExitStack() as stack:
        places = {kind: stack.enter_context(place_on(kind, path)) for kind, path in paths.items()}
        for place in places.values():
            for manifest in (*TROUBLES.values(), SCALED, AUTOSCALER):
                place.cluster.apply(place.placed(manifest), manager=MANAGER)
        yield places


@pytest.fixture(params=["sandbox", pytest.param("real", marks=pytest.mark.cluster)])
def troubled(request: pytest.FixtureRequest, everywhere: dict[str, Place]) -> Place:
    return everywhere[request.param]


def health(place: Place, name: str) -> ObjectHealth:
    key = place.key("Deployment", name, "apps")
    snapshot = place.cluster.observe([key])
    return assess(snapshot.objects, snapshot.children, snapshot.events).objects[0]


def pod_of(place: Place, name: str) -> Manifest:
    def found() -> Manifest | None:
        listed = place.cluster.list("", "Pod", namespace=place.namespace, label_selector=f"app={name}").items
        return listed[0] if listed else None

    pod: Manifest = place.until(found)
    return pod


def events_of(place: Place, pod: Manifest) -> list[Manifest]:
    listed = place.cluster.list("", "Event", namespace=place.namespace).items
    return [event for event in listed if event["involvedObject"].get("uid") == pod["metadata"]["uid"]]


def state(place: Place, name: str) -> dict[str, Any]:
    statuses = (pod_of(place, name).get("status") or {}).get("containerStatuses") or [{}]
    return statuses[0]


def test_an_image_that_is_not_found_is_refused_and_backed_off(troubled: Place) -> None:
    troubled.until(
        lambda: (
            (state(troubled, "bad").get("state") or {}).get("waiting", {}).get("reason") == "ImagePullBackOff"
        )
    )
    pod = pod_of(troubled, "bad")
    assert pod["status"]["phase"] == "Pending"
    told = [event for event in events_of(troubled, pod) if event["reason"] == "Failed"]
    assert any("not found" in event["message"] for event in told)
    assert any(event["message"] == "Error: ErrImagePull" for event in told)
    assert all(event["type"] == "Warning" for event in told)
    found = health(troubled, "bad")
    assert found.health is Health.DEGRADED
    assert "ImagePullBackOff in web: image registry.local/missing:v1 cannot be pulled" in found.sentence


def test_a_slow_container_runs_before_it_is_ready_and_gets_ready(troubled: Place) -> None:
    troubled.until(lambda: health(troubled, "slow").health is Health.HEALTHY, seconds=20)
    conditions = {entry["type"]: entry for entry in pod_of(troubled, "slow")["status"]["conditions"]}
    waited = _seconds(
        conditions["Initialized"]["lastTransitionTime"], conditions["Ready"]["lastTransitionTime"]
    )
    assert 3 <= waited <= 12


def _seconds(one: str, other: str) -> float:
    return (datetime.fromisoformat(other) - datetime.fromisoformat(one)).total_seconds()


def test_a_failing_readiness_probe_is_told_and_waited_for(troubled: Place) -> None:
    troubled.until(lambda: "Readiness probe failed" in health(troubled, "unready").sentence)
    found = health(troubled, "unready")
    assert found.health is Health.PROGRESSING
    assert not found.cannot_heal
    told = [
        event for event in events_of(troubled, pod_of(troubled, "unready")) if event["reason"] == "Unhealthy"
    ]
    assert told[0]["message"].startswith("Readiness probe failed: ")
    assert state(troubled, "unready")["ready"] is False
    assert "running" in state(troubled, "unready")["state"]


def test_a_crash_loop_cannot_heal_after_three_restarts(troubled: Place) -> None:
    troubled.until(
        lambda: (
            (state(troubled, "crash").get("state") or {}).get("waiting", {}).get("reason")
            == "CrashLoopBackOff"
        )
    )
    early = health(troubled, "crash")
    assert early.health is Health.DEGRADED
    assert early.cannot_heal == (state(troubled, "crash")["restartCount"] >= 3)

    def hopeless() -> bool:
        found = health(troubled, "crash")
        return found.cannot_heal and "CrashLoopBackOff in web: exit code 1" in found.sentence

    troubled.until(hopeless, seconds=60)
    entry = state(troubled, "crash")
    assert entry["restartCount"] >= 3
    assert entry["lastState"]["terminated"]["exitCode"] == 1
    assert entry["lastState"]["terminated"]["reason"] == "Error"
    assert pod_of(troubled, "crash")["status"]["phase"] == "Running"
    told = [event for event in events_of(troubled, pod_of(troubled, "crash")) if event["reason"] == "BackOff"]
    assert told[0]["message"].startswith("Back-off restarting failed container")


def test_a_missing_image_cannot_heal_after_three_refused_pulls(troubled: Place) -> None:
    """Fake nodes pull once and tell it once: there it stays a wait. Real nodes are asked in their own part."""
    if troubled.kind == "real":
        assert not health(troubled, "bad").cannot_heal
        return
    troubled.until(lambda: health(troubled, "bad").cannot_heal, seconds=60)
    pulls = [
        event
        for event in events_of(troubled, pod_of(troubled, "bad"))
        if "Failed to pull" in event["message"]
    ]
    assert [event["count"] for event in pulls] == [3]


def test_the_old_pods_stay_while_the_new_ones_are_in_trouble(troubled: Place) -> None:
    """A rolling update keeps its availability: what runs is not taken for what cannot start."""
    cluster = troubled.cluster
    cluster.apply(troubled.placed(deployment("kept", replicas=2)), manager=MANAGER)
    troubled.until(lambda: health(troubled, "kept").health is Health.HEALTHY)
    cluster.apply(troubled.placed(deployment("kept", "registry.local/nope:v2", replicas=2)), manager=MANAGER)
    troubled.until(lambda: health(troubled, "kept").health is Health.DEGRADED)
    live = cluster.read(ObjectKey("apps", "Deployment", troubled.namespace, "kept"))
    assert live is not None
    assert live["status"]["availableReplicas"] == 2
    assert live["status"]["unavailableReplicas"] == 1


def test_an_autoscaler_s_lower_bound_is_kept_and_its_write_changes_our_field(troubled: Place) -> None:
    """Rule 14: what we sent as 1 is 2 now, without our doing."""
    key = troubled.key("Deployment", "scaled", "apps")

    def grown() -> bool:
        live = troubled.cluster.read(key)
        return live is not None and live["spec"]["replicas"] == 2

    troubled.until(grown, seconds=40)
    troubled.until(lambda: health(troubled, "scaled").sentence == "2 of 2 pods ready")
    scaler = troubled.key("HorizontalPodAutoscaler", "scaled", "autoscaling")
    told = [
        event["message"]
        for event in troubled.cluster.list("", "Event", namespace=troubled.namespace).items
        if event["reason"] == "SuccessfulRescale" and event["involvedObject"]["name"] == scaler.name
    ]
    assert told == ["New size: 2; reason: Current number of replicas below Spec.MinReplicas"]


@pytest.mark.parametrize("kind", ["sandbox"])
def test_logs_say_what_was_simulated(kind: str, request: pytest.FixtureRequest) -> None:
    """Fake nodes have no logs; real ones are asked in their own part."""
    with place_on(kind, request.getfixturevalue("sandbox").kubeconfig_path) as place:
        for name in ("bad", "crash"):
            place.cluster.apply(place.placed(TROUBLES[name]), manager=MANAGER)
        place.until(lambda: state(place, "crash").get("restartCount"))
        place.until(lambda: (state(place, "bad").get("state") or {}).get("waiting", {}).get("message"))
        crashed = pod_of(place, "crash")["metadata"]["name"]
        previous = place.cluster.logs(place.namespace, crashed, previous=True)
        assert previous.splitlines()[-1].endswith("ending with exit code 1")
        assert len(place.cluster.logs(place.namespace, crashed, tail_lines=1).splitlines()) == 1
        with pytest.raises(Refused) as refused:
            place.cluster.logs(place.namespace, pod_of(place, "bad")["metadata"]["name"])
        assert refused.value.status == 400
        assert "is waiting to start: " in refused.value.sentence
        with pytest.raises(Refused) as unknown:
            place.cluster.logs(place.namespace, crashed, container="other")
        assert unknown.value.sentence == f"container other is not valid for pod {crashed}"
