"""What a delete takes along, by its propagation, and what the garbage collector takes by itself (rules 6, 17, 22)."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.engine.objects import Manifest, is_terminating, owner_uids, uid_of
from slipway.ports.clusters import Precondition, Propagation
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, config_map, deployment, job, pod_spec
from tests.contracts.raw import Raw


def apply(place: Place, manifest: Manifest) -> Manifest:
    return place.cluster.apply(place.placed(manifest), manager=MANAGER)


def items(place: Place, kind: str, group: str = "") -> list[Manifest]:
    return list(place.cluster.list(group, kind, namespace=place.namespace).items)


def running(place: Place, count: int = 1) -> Any:
    return place.until(
        lambda: (
            pods if len(pods := items(place, "Pod")) == count and all(is_ready(pod) for pod in pods) else None
        ),
        what=f"{count} pods ready",
    )


def is_ready(pod: Manifest) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def delete(place: Place, live: Manifest, propagation: Propagation, group: str = "apps") -> None:
    key = place.key(live["kind"], live["metadata"]["name"], group)
    assert place.cluster.delete(key, precondition=Precondition(uid_of(live)), propagation=propagation)


@pytest.mark.parametrize("propagation", [Propagation.BACKGROUND, Propagation.FOREGROUND])
def test_a_deployment_takes_its_replica_sets_and_pods_along(
    any_cluster: Place, propagation: Propagation
) -> None:
    live = apply(any_cluster, deployment(replicas=2))
    running(any_cluster, 2)
    delete(any_cluster, live, propagation)
    any_cluster.until(lambda: not items(any_cluster, "Pod") and not items(any_cluster, "ReplicaSet", "apps"))
    any_cluster.until(lambda: any_cluster.cluster.read(any_cluster.key("Deployment", "web", "apps")) is None)


def test_in_the_foreground_the_owner_stays_until_its_dependents_are_gone(
    any_cluster: Place, raw: Raw
) -> None:
    owner = apply(any_cluster, config_map("owner"))
    apply(any_cluster, owned("child", owner, blocks=True, finalizers=["slipway.dev/test"]))
    any_cluster.until(lambda: any_cluster.cluster.read(any_cluster.key("ConfigMap", "child")))
    delete(any_cluster, owner, Propagation.FOREGROUND, group="")
    child = any_cluster.until(
        lambda: (
            found
            if (found := any_cluster.cluster.read(any_cluster.key("ConfigMap", "child")))
            and is_terminating(found)
            else None
        )
    )
    assert child["metadata"]["finalizers"] == ["slipway.dev/test"]
    held = any_cluster.cluster.read(any_cluster.key("ConfigMap", "owner"))
    assert held is not None
    assert held["metadata"]["finalizers"] == ["foregroundDeletion"]
    raw(
        "PATCH",
        "configmaps",
        "child",
        body={"metadata": {"finalizers": None}},
        content_type="application/merge-patch+json",
    )
    any_cluster.until(lambda: any_cluster.cluster.read(any_cluster.key("ConfigMap", "owner")) is None)


def test_orphaned_replica_sets_and_pods_stay_without_an_owner(any_cluster: Place) -> None:
    live = apply(any_cluster, deployment())
    running(any_cluster)
    delete(any_cluster, live, Propagation.ORPHAN)
    any_cluster.until(lambda: any_cluster.cluster.read(any_cluster.key("Deployment", "web", "apps")) is None)
    [replica_set] = items(any_cluster, "ReplicaSet", "apps")
    assert "ownerReferences" not in replica_set["metadata"]
    assert len(running(any_cluster)) == 1


def test_an_orphaned_replica_set_is_adopted_by_the_deployment_that_selects_it(any_cluster: Place) -> None:
    """Rule 22: what makes a promotion start no pod twice."""
    first = apply(any_cluster, deployment())
    [pod] = running(any_cluster)
    delete(any_cluster, first, Propagation.ORPHAN)
    any_cluster.until(lambda: any_cluster.cluster.read(any_cluster.key("Deployment", "web", "apps")) is None)
    second = apply(any_cluster, deployment())
    any_cluster.until(
        lambda: any(owner_uids(one) == {uid_of(second)} for one in items(any_cluster, "ReplicaSet", "apps"))
    )
    assert [uid_of(one) for one in running(any_cluster)] == [uid_of(pod)]


def test_a_job_deleted_in_the_background_takes_its_pod_along(any_cluster: Place) -> None:
    live = apply(any_cluster, job())
    any_cluster.until(lambda: items(any_cluster, "Pod"))
    delete(any_cluster, live, Propagation.BACKGROUND, group="batch")
    any_cluster.until(lambda: not items(any_cluster, "Pod"))


def test_a_job_deleted_without_a_propagation_leaves_its_pod(any_cluster: Place, raw: Raw) -> None:
    """Rule 6: why every delete states its propagation."""
    apply(any_cluster, job())
    any_cluster.until(
        lambda: any(
            (pod.get("status") or {}).get("phase") == "Succeeded" for pod in items(any_cluster, "Pod")
        )
    )
    raw("DELETE", "jobs", "migrate")
    any_cluster.until(lambda: any_cluster.cluster.read(any_cluster.key("Job", "migrate", "batch")) is None)
    [pod] = items(any_cluster, "Pod")
    any_cluster.until(lambda: not owner_uids(items(any_cluster, "Pod")[0]))
    assert not is_terminating(pod)


def owned(name: str, owner: Manifest, *, blocks: bool = False, **metadata: Any) -> Manifest:
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"]}
    reference |= {"name": owner["metadata"]["name"], "uid": uid_of(owner)}
    if blocks:
        reference["blockOwnerDeletion"] = True
    return config_map(name, ownerReferences=[reference], **metadata)


def test_deleting_the_anchor_removes_what_it_owns_and_what_comes_late(any_cluster: Place) -> None:
    """Rule 17: temporary objects go by the cluster itself, late creates included."""
    anchor = apply(any_cluster, config_map("anchor"))
    canary = any_cluster.placed(deployment("canary"))
    canary["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "anchor", "uid": uid_of(anchor)}
    ]
    any_cluster.cluster.create(canary, manager=MANAGER)
    running(any_cluster)
    delete(any_cluster, anchor, Propagation.BACKGROUND, group="")
    any_cluster.until(
        lambda: any_cluster.cluster.read(any_cluster.key("Deployment", "canary", "apps")) is None
    )
    any_cluster.until(lambda: not items(any_cluster, "Pod"))
    any_cluster.cluster.create(any_cluster.placed(owned("late", anchor)), manager=MANAGER)
    any_cluster.until(lambda: any_cluster.cluster.read(any_cluster.key("ConfigMap", "late")) is None)


def test_an_object_with_two_owners_stays_while_one_of_them_lives(any_cluster: Place) -> None:
    one, other = apply(any_cluster, config_map("one")), apply(any_cluster, config_map("other"))
    child = owned("child", one)
    child["metadata"]["ownerReferences"] += owned("child", other)["metadata"]["ownerReferences"]
    apply(any_cluster, child)
    delete(any_cluster, one, Propagation.BACKGROUND, group="")
    key = any_cluster.key("ConfigMap", "child")
    found = any_cluster.until(
        lambda: (
            found
            if (found := any_cluster.cluster.read(key)) and owner_uids(found) == {uid_of(other)}
            else None
        )
    )
    assert not is_terminating(found)
    delete(any_cluster, other, Propagation.BACKGROUND, group="")
    any_cluster.until(lambda: any_cluster.cluster.read(key) is None)


def test_a_deleted_pod_terminates_and_its_replica_set_makes_another(any_cluster: Place) -> None:
    apply(any_cluster, deployment())
    [pod] = running(any_cluster)
    any_cluster.cluster.delete(
        any_cluster.key("Pod", pod["metadata"]["name"]),
        precondition=Precondition(uid_of(pod)),
        propagation=Propagation.BACKGROUND,
    )
    [other] = any_cluster.until(
        lambda: (
            found
            if len(found := items(any_cluster, "Pod")) == 1 and uid_of(found[0]) != uid_of(pod)
            else None
        )
    )
    assert owner_uids(other) == owner_uids(pod)


def test_a_pod_without_an_owner_is_deleted_for_good(any_cluster: Place) -> None:
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare"}, "spec": pod_spec()}
    apply(any_cluster, bare)
    running(any_cluster)
    key = any_cluster.key("Pod", "bare")
    any_cluster.cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND)
    any_cluster.until(lambda: any_cluster.cluster.read(key) is None)
