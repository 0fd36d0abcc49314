"""Events are asked for where they could change what is said, and nowhere else."""

from __future__ import annotations

import pytest

from slipway.engine.health import asks_for_events, assess
from slipway.engine.objects import Manifest, ObjectKey
from tests.engine.health.looking import container, deployment, event, live, pod, replica_set

WEB = deployment(updatedReplicas=1, availableReplicas=0, replicas=1)
SET = replica_set(WEB, 2)
READY = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
STATEFUL = live("StatefulSet", api="apps/v1", spec={"replicas": 2}, status={"readyReplicas": 0})


def asks(root: Manifest, *children: Manifest) -> bool:
    return asks_for_events({ObjectKey.of(root): root}, children)


def test_nothing_is_asked_about_what_is_well_starting_or_not_there():
    assert not asks(WEB, SET, pod(SET, "ready", **READY))
    assert not asks(WEB, SET, pod(SET, "starting", phase="Pending"))
    assert not asks(WEB)
    assert not asks_for_events({ObjectKey.of(STATEFUL): None}, ())


@pytest.mark.parametrize(
    "status",
    [
        {"phase": "Running"},  # not ready yet: a probe may fail
        {"containerStatuses": [container(state={"waiting": {"reason": "ImagePullBackOff"}})]},
        {"phase": "Failed"},
        {"phase": "Pending", "initContainerStatuses": [container(state={"running": {}})]},  # its probe too
    ],
)
def test_a_pod_that_is_not_ready_or_in_trouble_is_asked_about(status: dict):
    assert asks(WEB, SET, pod(SET, "web-1", **status))


def test_what_makes_its_pods_itself_is_asked_about_until_it_is_well():
    assert asks(STATEFUL)


def test_where_nothing_is_asked_no_event_would_have_said_more():
    children = (SET, pod(SET, "ready", **READY), pod(SET, "starting", phase="Pending"))
    events = [
        event(about, reason, "quota; not found", count=9)
        for about, reason in ((SET, "FailedCreate"), (children[1], "Failed"), (children[1], "Unhealthy"))
    ]
    objects = {ObjectKey.of(WEB): WEB}
    assert not asks_for_events(objects, children)
    assert assess(objects, children, events) == assess(objects, children, ())
