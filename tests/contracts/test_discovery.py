from __future__ import annotations

import pytest

from slipway.engine.objects import ObjectKey
from slipway.ports.clusters import NotServed
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, sample, sample_releases
from tests.contracts.raw import Raw
from tests.newer import Newer

# (group, kind, namespaced) that every cluster of ours serves.
SERVED_BY_ALL = [
    ("", "ConfigMap", True),
    ("", "Namespace", False),
    ("", "Pod", True),
    ("", "Secret", True),
    ("", "Service", True),
    ("", "ServiceAccount", True),
    ("", "PersistentVolumeClaim", True),
    ("", "Event", True),
    ("", "Node", False),
    ("apps", "Deployment", True),
    ("apps", "ReplicaSet", True),
    ("apps", "StatefulSet", True),
    ("apps", "DaemonSet", True),
    ("apps", "ControllerRevision", True),
    ("batch", "Job", True),
    ("autoscaling", "HorizontalPodAutoscaler", True),
    ("networking.k8s.io", "Ingress", True),
    ("rbac.authorization.k8s.io", "ClusterRole", False),
    ("discovery.k8s.io", "EndpointSlice", True),
    ("policy", "PodDisruptionBudget", True),
    ("apiextensions.k8s.io", "CustomResourceDefinition", False),
]


def test_every_ordinary_kind_is_discovered_with_its_scope(any_cluster: Place) -> None:
    kinds = any_cluster.cluster.facts().kinds
    found = [
        (group, kind, kinds[group, kind].namespaced)
        for group, kind, _ in SERVED_BY_ALL
        if (group, kind) in kinds
    ]
    assert found == SERVED_BY_ALL


def test_every_kind_of_the_sample_application_is_served(any_cluster: Place) -> None:
    facts = any_cluster.cluster.facts()
    documents = sample(sample_releases()[-1])
    assert {
        kind.kind
        for kind in (ObjectKey.of(one) for one in documents)
        if not facts.serves(kind.group, kind.kind)
    } == set()


def test_versions_follow_the_discovered_minor(any_cluster: Place, newer: Newer) -> None:
    facts = any_cluster.cluster.facts()
    autoscalers = facts.kinds["autoscaling", "HorizontalPodAutoscaler"].versions
    assert ("v2" in autoscalers) == newer(any_cluster, 23, "autoscaling/v2 is served")
    assert "v1" in autoscalers
    first = newer(any_cluster, 21, "budgets, EndpointSlices and CronJobs are v1")
    assert facts.kinds["policy", "PodDisruptionBudget"].version == ("v1" if first else "v1beta1")
    assert facts.kinds["discovery.k8s.io", "EndpointSlice"].version == ("v1" if first else "v1beta1")
    assert ("v1" in facts.kinds["batch", "CronJob"].versions) == first


def test_only_the_sandbox_says_that_it_is_a_simulation(any_cluster: Place) -> None:
    assert any_cluster.cluster.facts().simulated == (any_cluster.kind == "sandbox")


def test_the_stated_version_is_new_enough_for_what_the_product_supports(any_cluster: Place) -> None:
    if any_cluster.kind == "sandbox":
        assert any_cluster.minor >= 24
    else:
        assert any_cluster.minor >= 20


def test_a_kind_that_nobody_serves_is_refused_before_it_is_sent(any_cluster: Place) -> None:
    manifest = {"apiVersion": "example.org/v1", "kind": "Boat", "metadata": {"name": "one"}}
    with pytest.raises(NotServed) as refused:
        any_cluster.cluster.apply(any_cluster.placed(manifest), manager=MANAGER)
    assert refused.value.sentence == "the cluster does not serve example.org/v1 Boat"


def test_a_version_of_a_known_kind_that_is_not_served_is_named(any_cluster: Place) -> None:
    manifest = {"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "one"}}
    with pytest.raises(NotServed) as refused:
        any_cluster.cluster.apply(any_cluster.placed(manifest), manager=MANAGER)
    assert refused.value.sentence == "the cluster does not serve apps/v1beta1 Deployment"


def test_an_unknown_path_is_a_404(raw: Raw) -> None:
    assert raw.at("GET", "/apis/example.org/v1/boats").status == 404


def test_health_end_points_answer(raw: Raw) -> None:
    assert raw.at("GET", "/readyz").status == 200
    assert raw.at("GET", "/healthz").status == 200


def test_custom_resources_are_served_once_their_definition_is_established(
    any_cluster: Place, raw: Raw
) -> None:
    group = f"{any_cluster.namespace}.example.org"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"boats.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "boats", "singular": "boat", "kind": "Boat", "listKind": "BoatList"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {"type": "object", "properties": {"length": {"type": "integer"}}}
                            },
                        }
                    },
                }
            ],
        },
    }
    key = ObjectKey.of(definition)
    cluster = any_cluster.cluster
    cluster.apply(definition, manager=MANAGER)
    try:

        def established() -> bool:
            conditions = ((cluster.read(key) or {}).get("status") or {}).get("conditions") or []
            return any(entry["type"] == "Established" and entry["status"] == "True" for entry in conditions)

        any_cluster.until(established)
        any_cluster.until(lambda: raw.at("GET", f"/apis/{group}/v1").status == 200)
        boat = {
            "apiVersion": f"{group}/v1",
            "kind": "Boat",
            "metadata": {"name": "one"},
            "spec": {"length": 12},
        }
        any_cluster.until(lambda: cluster.facts(refresh=True).serves(group, "Boat"))
        made = cluster.apply(any_cluster.placed(boat), manager=MANAGER)
        assert made["spec"] == {"length": 12}
    finally:
        raw.at("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/boats.{group}")
