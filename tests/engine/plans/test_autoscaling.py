"""Replicas belong to an autoscaler: never reset to one, never to the manifest's number, never fought over."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.engine.objects import Manifest, ObjectKey
from slipway.engine.plans import autoscaled, omit_replicas
from tests.engine.plans.planning import MANAGER, deployment, live, managed, prepared

HPA = "kube-controller-manager"


def scaler(scaling: str, api: str, **reference: Any) -> Manifest:
    return {
        "apiVersion": api,
        "kind": scaling,
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"scaleTargetRef": reference},
    }


WEB = ObjectKey("apps", "Deployment", "shop", "web")


@pytest.mark.parametrize(
    ("manifest", "found"),
    [
        (
            scaler(
                "HorizontalPodAutoscaler",
                "autoscaling/v2",
                apiVersion="apps/v1",
                kind="Deployment",
                name="web",
            ),
            {WEB},
        ),
        (scaler("ScaledObject", "keda.sh/v1alpha1", name="web"), {WEB}),
        (
            scaler(
                "HorizontalPodAutoscaler",
                "autoscaling/v1",
                apiVersion="apps/v1",
                kind="StatefulSet",
                name="db",
            ),
            {ObjectKey("apps", "StatefulSet", "shop", "db")},
        ),
        (scaler("HorizontalPodAutoscaler", "example.net/v1", name="web"), set()),
        (
            {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "x"}},
            set(),
        ),
    ],
)
def test_a_workload_is_autoscaled_where_an_autoscaler_names_it(manifest: Manifest, found: set[ObjectKey]):
    assert autoscaled([manifest], "shop") == found


def sent(item: Manifest, standing: Manifest | None) -> int | None:
    return omit_replicas(prepared(item), standing, MANAGER).manifest["spec"].get("replicas")


OURS = managed(MANAGER, "spec.replicas")
THEIRS = managed(HPA, "spec.replicas", operation="Update", subresource="scale")


@pytest.mark.parametrize(
    ("manifest", "standing", "expected"),
    [
        (3, None, 3),  # made now: the manifest's number is where it begins
        (3, live(9, managedFields=[OURS]), 9),  # we alone own it: what stands there is sent back
        (3, live(9, managedFields=[OURS, THEIRS]), None),  # the autoscaler owns it too: let go of it
        (3, live(9, managedFields=[THEIRS]), None),  # never ours: not taken either
        (3, live(9, managedFields=[]), None),
        (
            None,
            live(9, managedFields=[OURS]),
            9,
        ),  # dropped from the manifest: leaving it out would reset it to 1
        (None, live(9, managedFields=[OURS, THEIRS]), None),
        (None, live(9, managedFields=[THEIRS]), None),
        (12, live(2, managedFields=[OURS]), 2),
    ],
)
def test_what_is_sent_for_replicas(manifest: int | None, standing: Manifest | None, expected: int | None):
    assert sent(deployment(manifest), standing) == expected


def test_the_stored_manifest_is_not_written_to():
    item = deployment(3)
    omit_replicas(prepared(item), live(9, managedFields=[OURS]), MANAGER)
    assert item["spec"]["replicas"] == 3


def test_what_depends_on_the_live_number_is_marked():
    item = prepared(deployment(3))
    assert omit_replicas(item, live(9, managedFields=[OURS]), MANAGER).autoscaled
    assert not omit_replicas(item, None, MANAGER).autoscaled
