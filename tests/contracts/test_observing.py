"""What `observe` gives the health rules: objects, children by ownership, events about them."""

from __future__ import annotations

from slipway.engine.health import Health, assess
from slipway.engine.objects import Manifest, ObjectKey, owner_uids, uid_of
from slipway.ports.clusters import Snapshot
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, config_map, deployment, service


def apply(place: Place, manifest: Manifest) -> Manifest:
    return place.cluster.apply(place.placed(manifest), manager=MANAGER)


def observed(place: Place, *keys: ObjectKey) -> Snapshot | None:
    """When everything of it is healthy."""
    snapshot = place.cluster.observe(keys)
    worst = assess(snapshot.objects, snapshot.children, snapshot.events).worst
    return snapshot if worst is Health.HEALTHY else None


def test_children_are_found_by_ownership_and_events_are_about_them(any_cluster: Place) -> None:
    live = apply(any_cluster, deployment(replicas=2))
    key = ObjectKey.of(live)
    snapshot: Snapshot = any_cluster.until(lambda: observed(any_cluster, key))
    [replica_set] = [child for child in snapshot.children if child["kind"] == "ReplicaSet"]
    pods = [child for child in snapshot.children if child["kind"] == "Pod"]
    assert owner_uids(replica_set) == {uid_of(live)}
    assert [owner_uids(pod) for pod in pods] == [{uid_of(replica_set)}] * 2
    about = {(event["involvedObject"]["kind"], event["reason"]) for event in snapshot.events}
    assert {
        ("Deployment", "ScalingReplicaSet"),
        ("ReplicaSet", "SuccessfulCreate"),
        ("Pod", "Scheduled"),
        ("Pod", "Pulled"),
        ("Pod", "Started"),
    } <= about
    known = {uid_of(item) for item in (live, *snapshot.children)}
    assert {event["involvedObject"]["uid"] for event in snapshot.events} <= known


def test_pods_that_only_share_the_labels_are_not_children(any_cluster: Place) -> None:
    live = apply(any_cluster, deployment())
    stranger = deployment("other")
    stranger["spec"]["template"]["metadata"]["labels"]["tier"] = "front"
    apply(any_cluster, stranger)
    snapshot: Snapshot = any_cluster.until(lambda: observed(any_cluster, ObjectKey.of(live)))
    pods = [child for child in snapshot.children if child["kind"] == "Pod"]
    assert [pod["metadata"]["labels"]["app"] for pod in pods] == ["web"]


def test_what_is_not_there_is_missing_and_what_is_there_is_seen_in_the_same_look(any_cluster: Place) -> None:
    apply(any_cluster, config_map())
    there, absent = any_cluster.key("ConfigMap", "settings"), any_cluster.key("ConfigMap", "absent")
    snapshot = any_cluster.cluster.observe([there, absent])
    assert snapshot.objects[absent] is None
    assert (snapshot.objects[there] or {})["data"] == {"colour": "blue"}
    health = {one.key: one.health for one in assess(snapshot.objects, (), ()).objects}
    assert health == {there: Health.HEALTHY, absent: Health.MISSING}


def test_pods_of_the_template_before_are_told_from_the_new_ones(any_cluster: Place) -> None:
    key = ObjectKey.of(apply(any_cluster, deployment()))
    any_cluster.until(lambda: observed(any_cluster, key))
    apply(any_cluster, deployment(image="registry.local/never-ready:v2"))

    def both() -> list[tuple[str, bool]] | None:
        snapshot = any_cluster.cluster.observe([key])
        pods = assess(snapshot.objects, snapshot.children, snapshot.events).pods
        images = {
            child["metadata"]["name"]: child["spec"]["containers"][0]["image"]
            for child in snapshot.children
            if child["kind"] == "Pod"
        }
        found = sorted((images[pod.name], pod.is_new) for pod in pods)
        return found if len(found) == 2 else None

    assert any_cluster.until(both) == [
        ("registry.local/never-ready:v2", True),
        ("registry.local/web:v1", False),
    ]


def test_a_service_s_end_points_are_the_ready_pods_of_its_selector(any_cluster: Place) -> None:
    cluster = any_cluster.cluster
    apply(any_cluster, service())
    apply(any_cluster, deployment(replicas=2))

    def addresses() -> tuple[list[str], list[str]]:
        found = cluster.read(any_cluster.key("Endpoints", "web")) or {}
        subsets = found.get("subsets") or []
        return (
            sorted(one["ip"] for subset in subsets for one in subset.get("addresses") or []),
            sorted(one["ip"] for subset in subsets for one in subset.get("notReadyAddresses") or []),
        )

    any_cluster.until(lambda: len(addresses()[0]) == 2)
    pods = cluster.list("", "Pod", namespace=any_cluster.namespace).items
    assert addresses() == (sorted(pod["status"]["podIP"] for pod in pods), [])
    endpoints = cluster.read(any_cluster.key("Endpoints", "web"))
    assert endpoints is not None
    assert endpoints["subsets"][0]["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    apply(any_cluster, service(selector={"app": "nobody"}))
    any_cluster.until(lambda: addresses() == ([], []))


def test_a_pod_that_is_not_ready_stands_apart_in_the_end_points(any_cluster: Place) -> None:
    apply(any_cluster, service())
    apply(any_cluster, deployment(image="registry.local/unready:v1"))
    cluster = any_cluster.cluster

    def apart() -> bool:
        found = cluster.read(any_cluster.key("Endpoints", "web")) or {}
        subsets = found.get("subsets") or []
        return bool(subsets) and "addresses" not in subsets[0] and len(subsets[0]["notReadyAddresses"]) == 1

    any_cluster.until(apart)


def test_a_service_s_slices_are_its_own_and_name_it(any_cluster: Place) -> None:
    live = apply(any_cluster, service())
    apply(any_cluster, deployment())
    cluster = any_cluster.cluster

    def slices() -> list[Manifest] | None:
        found = cluster.list(
            "discovery.k8s.io",
            "EndpointSlice",
            namespace=any_cluster.namespace,
            label_selector="kubernetes.io/service-name=web",
        ).items
        return [
            one for one in found if any(point["conditions"].get("ready") for point in one["endpoints"] or ())
        ] or None

    [one] = any_cluster.until(slices)
    assert owner_uids(one) == {uid_of(live)}
    assert one["addressType"] == "IPv4"
    assert one["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
