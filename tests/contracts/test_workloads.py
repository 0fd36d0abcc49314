"""Controllers: roll-outs, order, completion, quotas (rules 15, 19, 21), judged by the product's own health rules."""

from __future__ import annotations

from typing import Any

from slipway.engine.health import Health, ObjectHealth, assess
from slipway.engine.manifests.prepare import TargetContext, prepare
from slipway.engine.objects import Manifest, ObjectKey
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, config_map, deployment, job, service, workload

V2 = "registry.local/web:v2"


def apply(place: Place, manifest: Manifest, **how: Any) -> ObjectKey:
    return ObjectKey.of(place.cluster.apply(place.placed(manifest), manager=MANAGER, **how))


def health(place: Place, key: ObjectKey) -> ObjectHealth:
    snapshot = place.cluster.observe([key])
    return assess(snapshot.objects, snapshot.children, snapshot.events).objects[0]


def is_healthy(place: Place, key: ObjectKey) -> bool:
    return health(place, key).health is Health.HEALTHY


def until_healthy(place: Place, key: ObjectKey, *, seconds: float = 20) -> Manifest:
    place.until(lambda: is_healthy(place, key), seconds=seconds, what=f"{key} healthy")
    return read(place, key)


def read(place: Place, key: ObjectKey) -> Manifest:
    found = place.cluster.read(key)
    assert found is not None
    return found


def pods(place: Place) -> list[Manifest]:
    return list(place.cluster.list("", "Pod", namespace=place.namespace).items)


def reasons(live: Manifest) -> dict[str, str]:
    return {entry["type"]: entry.get("reason", "") for entry in live["status"].get("conditions") or ()}


def test_a_rolling_update_reaches_healthy_with_all_pods_new(any_cluster: Place) -> None:
    key = apply(any_cluster, deployment(replicas=3))
    first = until_healthy(any_cluster, key)
    assert first["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert first["status"]["observedGeneration"] == 1
    assert reasons(first) == {
        "Available": "MinimumReplicasAvailable",
        "Progressing": "NewReplicaSetAvailable",
    }
    apply(any_cluster, deployment(image=V2, replicas=3))
    second = until_healthy(any_cluster, key)
    assert second["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    assert second["status"]["updatedReplicas"] == 3
    sets = any_cluster.cluster.list("apps", "ReplicaSet", namespace=any_cluster.namespace).items
    sizes = {
        one["spec"]["template"]["spec"]["containers"][0]["image"]: one["spec"]["replicas"] for one in sets
    }
    assert sizes == {"registry.local/web:v1": 0, V2: 3}
    hashes = {one["metadata"]["labels"]["pod-template-hash"] for one in sets}
    assert len(hashes) == 2
    assert {one["metadata"]["name"] for one in sets} == {f"web-{digest}" for digest in hashes}


def test_recreate_starts_no_new_pod_before_the_old_ones_are_gone(any_cluster: Place) -> None:
    strategy = {"strategy": {"type": "Recreate"}}
    key = apply(any_cluster, deployment(replicas=2, **strategy))
    until_healthy(any_cluster, key)
    start = any_cluster.cluster.list("", "Pod", namespace=any_cluster.namespace).resource_version
    apply(any_cluster, deployment(image=V2, replicas=2, **strategy))
    until_healthy(any_cluster, key)
    told = any_cluster.cluster.watch(
        "", "Pod", namespace=any_cluster.namespace, resource_version=start, timeout_seconds=1
    )
    order = [event.kind for event in told if event.kind in ("ADDED", "DELETED")]
    assert order == ["DELETED", "DELETED", "ADDED", "ADDED"]


def test_a_paused_deployment_changes_no_pods_until_it_goes_on(any_cluster: Place) -> None:
    key = apply(any_cluster, deployment())
    until_healthy(any_cluster, key)
    apply(any_cluster, deployment(image=V2, paused=True))
    any_cluster.until(lambda: read(any_cluster, key)["status"].get("observedGeneration") == 2)
    assert health(any_cluster, key).health is Health.SUSPENDED
    assert reasons(read(any_cluster, key))["Progressing"] == "DeploymentPaused"
    assert [pod["spec"]["containers"][0]["image"] for pod in pods(any_cluster)] == ["registry.local/web:v1"]
    apply(any_cluster, deployment(image=V2))
    until_healthy(any_cluster, key)
    images = {pod["spec"]["containers"][0]["image"] for pod in pods(any_cluster) if not gone(pod)}
    assert images == {V2}


def gone(pod: Manifest) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def test_scaling_keeps_the_revision_and_the_pods_that_are_there(any_cluster: Place) -> None:
    key = apply(any_cluster, deployment())
    until_healthy(any_cluster, key)
    [first] = pods(any_cluster)
    apply(any_cluster, deployment(replicas=3))
    live = until_healthy(any_cluster, key)
    assert live["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert first["metadata"]["name"] in {pod["metadata"]["name"] for pod in pods(any_cluster)}
    apply(any_cluster, deployment(replicas=0))
    any_cluster.until(lambda: not pods(any_cluster))
    assert is_healthy(any_cluster, key)


def test_going_back_to_a_template_uses_its_replica_set_again_under_a_new_revision(any_cluster: Place) -> None:
    key = apply(any_cluster, deployment())
    until_healthy(any_cluster, key)
    apply(any_cluster, deployment(image=V2))
    until_healthy(any_cluster, key)
    apply(any_cluster, deployment())
    live = until_healthy(any_cluster, key)
    assert live["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    sets = any_cluster.cluster.list("apps", "ReplicaSet", namespace=any_cluster.namespace).items
    assert len(sets) == 2
    kept = next(one for one in sets if one["spec"]["replicas"] == 1)
    assert kept["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"


def test_old_replica_sets_beyond_the_limit_are_removed(any_cluster: Place) -> None:
    key = apply(any_cluster, deployment(revisionHistoryLimit=0))
    until_healthy(any_cluster, key)
    apply(any_cluster, deployment(image=V2, revisionHistoryLimit=0))
    until_healthy(any_cluster, key)
    any_cluster.until(
        lambda: (
            len(any_cluster.cluster.list("apps", "ReplicaSet", namespace=any_cluster.namespace).items) == 1
        )
    )


def test_a_roll_out_that_gets_nowhere_passes_its_deadline_and_waits_in_words(any_cluster: Place) -> None:
    """Rule 19: a pod that never gets ready is waited for; the deadline is the server's own word."""
    key = apply(
        any_cluster, deployment(image="registry.local/unready:v1", progressDeadlineSeconds=1, replicas=1)
    )
    any_cluster.until(
        lambda: reasons(read(any_cluster, key)).get("Progressing") == "ProgressDeadlineExceeded", seconds=20
    )
    any_cluster.until(lambda: "not ready yet" in health(any_cluster, key).sentence)
    found = health(any_cluster, key)
    assert found.health is Health.PROGRESSING
    assert not found.cannot_heal


def test_min_ready_seconds_keep_a_ready_pod_from_counting_at_once(any_cluster: Place) -> None:
    key = apply(any_cluster, deployment(minReadySeconds=2))

    def ready_not_available() -> bool:
        status = read(any_cluster, key).get("status") or {}
        return status.get("readyReplicas") == 1 and "availableReplicas" not in status

    any_cluster.until(ready_not_available)
    until_healthy(any_cluster, key)


def test_a_changed_config_map_rolls_the_pods_when_its_name_carries_its_content(any_cluster: Place) -> None:
    """Rule 15, with the product's own preparation."""
    context = TargetContext(
        installation="tests",
        target="one",
        namespace=any_cluster.namespace,
        namespaced=lambda group, kind: True,
        secret_key=b"tests",
        release_digest="sha256:0",
    )
    mounted = deployment(pod={"container": {"envFrom": [{"configMapRef": {"name": "settings"}}]}})

    def roll(colour: str) -> str:
        prepared = prepare([config_map(data={"colour": colour}), mounted], context)
        assert prepared.problems == ()
        for item in prepared.objects:
            any_cluster.cluster.apply(item.manifest, manager=MANAGER)
        until_healthy(any_cluster, any_cluster.key("Deployment", "web", "apps"))
        [pod] = [pod for pod in pods(any_cluster) if not gone(pod)]
        name: str = pod["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"]
        return name

    blue, red = roll("blue"), roll("red")
    assert blue != red
    assert blue.startswith("settings-")
    assert roll("blue") == blue
    assert read(any_cluster, any_cluster.key("ConfigMap", blue))["data"] == {"colour": "blue"}


def test_a_stateful_set_starts_its_pods_in_order_and_replaces_the_last_first(any_cluster: Place) -> None:
    apply(any_cluster, service(clusterIP="None"))
    stateful = workload("StatefulSet", replicas=2, serviceName="web")
    start = any_cluster.cluster.list("", "Pod", namespace=any_cluster.namespace).resource_version
    key = apply(any_cluster, stateful)
    until_healthy(any_cluster, key)
    apply(any_cluster, workload("StatefulSet", image=V2, replicas=2, serviceName="web"))
    live = until_healthy(any_cluster, key)
    told = any_cluster.cluster.watch(
        "", "Pod", namespace=any_cluster.namespace, resource_version=start, timeout_seconds=1
    )
    order = [
        (event.kind, event.object["metadata"]["name"]) for event in told if event.kind in ("ADDED", "DELETED")
    ]
    assert order == [
        ("ADDED", "web-0"),
        ("ADDED", "web-1"),
        ("DELETED", "web-1"),
        ("ADDED", "web-1"),
        ("DELETED", "web-0"),
        ("ADDED", "web-0"),
    ]
    assert live["status"]["currentRevision"] == live["status"]["updateRevision"]
    revisions = any_cluster.cluster.list("apps", "ControllerRevision", namespace=any_cluster.namespace).items
    assert sorted(one["revision"] for one in revisions) == [1, 2]


def test_a_partition_keeps_the_lower_numbers_at_the_old_version(any_cluster: Place) -> None:
    apply(any_cluster, service(clusterIP="None"))
    update = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}}
    key = apply(any_cluster, workload("StatefulSet", replicas=2, serviceName="web", **update))
    until_healthy(any_cluster, key)
    apply(any_cluster, workload("StatefulSet", image=V2, replicas=2, serviceName="web", **update))

    def images() -> dict[str, str]:
        return {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in pods(any_cluster)}

    any_cluster.until(lambda: images() == {"web-0": "registry.local/web:v1", "web-1": V2})
    live = until_healthy(any_cluster, key)
    assert live["status"]["currentRevision"] != live["status"]["updateRevision"]
    assert live["status"]["updatedReplicas"] == 1


def test_a_daemon_set_has_one_pod_on_each_node_and_replaces_them(any_cluster: Place) -> None:
    nodes = {node["metadata"]["name"] for node in any_cluster.cluster.list("", "Node").items}
    key = apply(any_cluster, workload("DaemonSet"))
    until_healthy(any_cluster, key)
    assert {pod["spec"]["nodeName"] for pod in pods(any_cluster)} == nodes
    apply(any_cluster, workload("DaemonSet", image=V2))
    live = until_healthy(any_cluster, key)
    assert live["status"]["updatedNumberScheduled"] == len(nodes)


def test_a_job_completes_and_says_so(any_cluster: Place) -> None:
    key = apply(any_cluster, job())
    live = until_healthy(any_cluster, key)
    assert live["status"]["succeeded"] == 1
    assert live["status"]["completionTime"].endswith("Z")
    assert health(any_cluster, key).sentence == "completed"


def test_a_job_runs_as_many_pods_as_it_wants_completions(any_cluster: Place) -> None:
    live = until_healthy(any_cluster, apply(any_cluster, job(completions=3, parallelism=2)))
    assert live["status"]["succeeded"] == 3


def test_a_job_that_fails_too_often_cannot_heal(any_cluster: Place) -> None:
    key = apply(any_cluster, job(image="registry.local/fail:1", backoffLimit=0))
    any_cluster.until(lambda: health(any_cluster, key).cannot_heal)
    found = health(any_cluster, key)
    assert found.health is Health.DEGRADED
    assert found.sentence == "failed: Job has reached the specified backoff limit"
    assert read(any_cluster, key)["status"]["failed"] == 1


def test_a_job_s_pods_carry_its_name(any_cluster: Place) -> None:
    until_healthy(any_cluster, apply(any_cluster, job()))
    [pod] = pods(any_cluster)
    assert pod["metadata"]["labels"]["job-name"] == "migrate"


def test_a_quota_refuses_pods_in_words_and_is_no_end(any_cluster: Place) -> None:
    """Rule 19: quota is a wait with a reason."""
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small"},
        "spec": {"hard": {"pods": "1"}},
    }
    quota_key = apply(any_cluster, quota)
    any_cluster.until(lambda: (read(any_cluster, quota_key).get("status") or {}).get("hard") == {"pods": "1"})
    key = apply(any_cluster, deployment(replicas=2))
    any_cluster.until(lambda: "exceeded quota" in health(any_cluster, key).sentence)
    found = health(any_cluster, key)
    assert found.health is Health.PROGRESSING
    assert not found.cannot_heal
    assert "exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1" in found.sentence
    events = any_cluster.cluster.list("", "Event", namespace=any_cluster.namespace).items
    assert any(event["reason"] == "FailedCreate" and "exceeded quota" in event["message"] for event in events)


def test_a_pod_that_no_node_takes_says_why_and_is_no_end(any_cluster: Place) -> None:
    picky = deployment(pod={"nodeSelector": {"slipway.dev/nowhere": "yes"}})
    key = apply(any_cluster, picky)
    any_cluster.until(lambda: "cannot be scheduled" in health(any_cluster, key).sentence)
    found = health(any_cluster, key)
    nodes = len(any_cluster.cluster.list("", "Node").items)
    assert f"0/{nodes} nodes are available: {nodes} node(s) didn't match" in found.sentence
    assert not found.cannot_heal


def test_a_pod_that_asks_for_more_than_any_node_has_says_so(any_cluster: Place) -> None:
    resources = {"requests": {"cpu": "100000"}}
    key = apply(any_cluster, deployment(pod={"container": {"resources": resources}}))
    any_cluster.until(lambda: "Insufficient cpu" in health(any_cluster, key).sentence)


def test_a_pod_whose_service_account_is_missing_is_refused_until_it_comes(any_cluster: Place) -> None:
    key = apply(any_cluster, deployment(pod={"serviceAccountName": "worker"}))
    any_cluster.until(lambda: 'serviceaccount "worker" not found' in health(any_cluster, key).sentence)
    apply(any_cluster, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "worker"}})
    until_healthy(any_cluster, key, seconds=40)
