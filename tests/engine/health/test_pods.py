"""What a pod suffers from, in one sentence, and whether it can get better by itself."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.engine.health import Health
from slipway.engine.health.pods import pod_state
from slipway.engine.objects import Manifest
from tests.engine.health.looking import container, event, live, pod

READY = [{"type": "Ready", "status": "True"}]
PULL = 'Failed to pull image "web:9": rpc error: manifest unknown'


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int, reason: str = "Error") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason}}


CASES = {
    "ready": (pod(None, conditions=READY), Health.HEALTHY, "ready", False),
    "a pod that did its work": (pod(None, phase="Succeeded"), Health.HEALTHY, "completed", False),
    "not looked at by the kubelet yet": (pod(None, phase="Pending"), Health.PROGRESSING, "starting", False),
    "running and not ready": (pod(None), Health.PROGRESSING, "running, not ready yet", False),
    "shutting down": (
        live("Pod", metadata={"deletionTimestamp": "2026-05-04T12:00:00Z"}, status={}),
        Health.PROGRESSING,
        "is shutting down",
        False,
    ),
    "no node has room": (
        pod(
            None,
            phase="Pending",
            conditions=[
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/3 nodes are available: 3 Insufficient cpu.\nmore",
                }
            ],
        ),
        Health.PROGRESSING,
        "cannot be scheduled: 0/3 nodes are available: 3 Insufficient cpu.",
        False,
    ),
    "its node is lost": (
        pod(None, conditions=[{"type": "Ready", "status": "Unknown"}]),
        Health.UNKNOWN,
        "its node does not answer",
        False,
    ),
    "evicted": (
        pod(None, phase="Failed", reason="Evicted", message="The node was low on memory."),
        Health.DEGRADED,
        "The node was low on memory.",
        False,
    ),
    "an image name that is none": (
        pod(None, containerStatuses=[container(image="WEB", state=waiting("InvalidImageName"))]),
        Health.DEGRADED,
        "InvalidImageName in web: image WEB cannot be pulled",
        True,
    ),
    "a Secret that is not there": (
        pod(
            None,
            containerStatuses=[
                container(state=waiting("CreateContainerConfigError", 'secret "db" not found\nmore'))
            ],
        ),
        Health.DEGRADED,
        'CreateContainerConfigError in web: secret "db" not found',
        False,
    ),
    "crashing for the second time": (
        pod(
            None,
            containerStatuses=[container(restarts=2, state=waiting("CrashLoopBackOff"), lastState=ended(1))],
        ),
        Health.DEGRADED,
        "CrashLoopBackOff in web: exit code 1",
        False,
    ),
    "crashing for the third time": (
        pod(
            None,
            containerStatuses=[container(restarts=3, state=waiting("CrashLoopBackOff"), lastState=ended(1))],
        ),
        Health.DEGRADED,
        "CrashLoopBackOff in web: exit code 1",
        True,
    ),
    "out of memory between two starts": (
        pod(None, containerStatuses=[container(restarts=1, lastState=ended(137, "OOMKilled"))]),
        Health.DEGRADED,
        "crashed in web: out of memory",
        False,
    ),
    "an init container crashes": (
        pod(
            None,
            phase="Pending",
            initContainerStatuses=[
                container("migrate", restarts=4, state=waiting("CrashLoopBackOff"), lastState=ended(2))
            ],
        ),
        Health.DEGRADED,
        "CrashLoopBackOff in migrate: exit code 2",
        True,
    ),
    "crashed once, long ago, ready now": (
        pod(
            None,
            conditions=READY,
            containerStatuses=[container(restarts=1, lastState=ended(1)) | {"ready": True}],
        ),
        Health.HEALTHY,
        "ready",
        False,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_pods_trouble_is_said(case: str):
    given, health, sentence, hopeless = CASES[case]
    state = pod_state(given, [])
    assert (state.health, state.sentence, state.cannot_heal) == (health, sentence, hopeless)


def pulling() -> Manifest:
    return pod(None, phase="Pending", containerStatuses=[container(state=waiting("ImagePullBackOff"))])


@pytest.mark.parametrize(
    ("message", "count", "hopeless"),
    [
        (PULL, 1, False),
        (PULL, 2, False),
        (PULL, 3, True),
        ("Failed to pull image: unauthorized: authentication required", 3, True),
        ("Failed to pull image: dial tcp: i/o timeout", 30, False),
        ("Error: ImagePullBackOff", 30, False),
    ],
)
def test_an_image_is_given_up_after_three_pulls_that_were_refused(message: str, count: int, hopeless: bool):
    state = pod_state(pulling(), [event(pulling(), "Failed", message, count=count)])
    assert state.sentence == "ImagePullBackOff in web: image web:9 cannot be pulled"
    assert state.health is Health.DEGRADED
    assert state.cannot_heal is hopeless


def test_pulls_of_another_pod_do_not_count():
    other = pod(None, "web-2")
    assert not pod_state(pulling(), [event(other, "Failed", PULL, count=9)]).cannot_heal


def test_a_failing_probe_is_told_in_the_kubelets_words():
    given = pod(None)
    seen = [event(given, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")]
    state = pod_state(given, seen)
    assert state.sentence == "Readiness probe failed: HTTP probe failed with statuscode: 503"
    assert state.health is Health.PROGRESSING


def test_a_probe_that_failed_before_it_was_ready_is_forgotten():
    given = pod(None, conditions=READY)
    assert pod_state(given, [event(given, "Unhealthy", "Readiness probe failed")]).sentence == "ready"


def test_restarts_of_all_containers_are_counted():
    given = pod(
        None,
        conditions=READY,
        initContainerStatuses=[container("init", restarts=1)],
        containerStatuses=[container(restarts=2) | {"ready": True}],
    )
    assert pod_state(given, []).restarts == 3
