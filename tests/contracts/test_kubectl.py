"""What people type: kubectl pointed at either cluster."""

from __future__ import annotations

import json

from slipway.engine.health import Health, assess
from slipway.engine.objects import Manifest, ObjectKey
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, config_map, deployment

V2 = "registry.local/web:v2"


def apply(place: Place, manifest: Manifest) -> ObjectKey:
    return ObjectKey.of(place.cluster.apply(place.placed(manifest), manager=MANAGER))


def until_healthy(place: Place, key: ObjectKey) -> Manifest:
    def healthy() -> Manifest | None:
        snapshot = place.cluster.observe([key])
        judged = assess(snapshot.objects, snapshot.children, snapshot.events)
        return snapshot.objects[key] if judged.worst is Health.HEALTHY else None

    found: Manifest = place.until(healthy, seconds=20)
    return found


def pods(place: Place) -> list[Manifest]:
    return list(place.cluster.list("", "Pod", namespace=place.namespace).items)


def test_kubectl_waits_for_a_roll_out_and_takes_it_back(any_cluster: Place) -> None:
    key = apply(any_cluster, deployment())
    done = any_cluster.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    assert done.stdout.endswith('deployment "web" successfully rolled out\n')
    apply(any_cluster, deployment(image=V2))
    any_cluster.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    undone = any_cluster.kubectl("rollout", "undo", "deployment/web")
    assert undone.stdout == "deployment.apps/web rolled back\n"
    live = until_healthy(any_cluster, key)
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.local/web:v1"
    history = any_cluster.kubectl("rollout", "history", "deployment/web").stdout
    assert [line.split()[0] for line in history.splitlines()[2:] if line] == ["2", "3"]


def test_kubectl_shows_scales_diffs_and_deletes(any_cluster: Place) -> None:
    text = json.dumps(any_cluster.placed(deployment()))
    any_cluster.kubectl("apply", "-f", "-", given=text)
    key = any_cluster.key("Deployment", "web", "apps")
    until_healthy(any_cluster, key)
    header, row = any_cluster.kubectl("get", "deployments").stdout.splitlines()
    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:4] == ["web", "1/1", "1", "1"]
    pod_header, pod_row = any_cluster.kubectl("get", "pods").stdout.splitlines()
    assert pod_header.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert pod_row.split()[1:4] == ["1/1", "Running", "0"]
    described = any_cluster.kubectl("describe", "deployment", "web").stdout
    assert "1 desired | 1 updated | 1 total | 1 available | 0 unavailable" in described
    assert "ScalingReplicaSet" in described
    other = json.dumps(any_cluster.placed(deployment(image=V2)))
    diff = any_cluster.kubectl("diff", "-f", "-", given=other, check=False)
    assert diff.returncode == 1
    changed = [line.split() for line in diff.stdout.splitlines() if "image:" in line]
    assert [(words[0], words[-1]) for words in changed] == [("-", "registry.local/web:v1"), ("+", V2)]
    any_cluster.kubectl("scale", "deployment/web", "--replicas=2")
    any_cluster.until(lambda: len(pods(any_cluster)) == 2)
    assert any_cluster.kubectl("delete", "deployment", "web").stdout.startswith(
        'deployment.apps "web" deleted'
    )
    any_cluster.until(lambda: not pods(any_cluster))


def test_kubectl_apply_client_side_is_a_no_op_the_second_time(any_cluster: Place) -> None:
    text = json.dumps(any_cluster.placed(deployment()))
    assert any_cluster.kubectl("apply", "-f", "-", given=text).stdout == "deployment.apps/web created\n"
    assert any_cluster.kubectl("apply", "-f", "-", given=text).stdout == "deployment.apps/web unchanged\n"


def test_kubectl_apply_server_side_applies_and_reports_a_conflict_of_another_manager(
    any_cluster: Place,
) -> None:
    apply(any_cluster, config_map())
    other = json.dumps(any_cluster.placed(config_map(data={"colour": "red"})))
    refused = any_cluster.kubectl("apply", "--server-side", "-f", "-", given=other, check=False)
    assert refused.returncode == 1
    assert f'conflict with "{MANAGER}": .data.colour' in refused.stderr
    forced = any_cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=other)
    assert forced.stdout == "configmap/settings serverside-applied\n"
