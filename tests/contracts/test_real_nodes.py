"""The shorter part, with containers that really run: probes, crash loops, logs, a rolling update.

Needs SLIPWAY_TEST_NODES=real and the images registry.local/web:v1 to v3, busybox:1, crash:1 and slow:1 on the nodes.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from slipway.engine.health import Health, ObjectHealth, assess
from slipway.engine.objects import Manifest
from tests.clusters import Place, RealCluster, place_on
from tests.contracts.manifests import MANAGER, deployment, job

pytestmark = [pytest.mark.cluster, pytest.mark.realnodes, pytest.mark.timeout(240)]

PROBE = {"readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}}


@pytest.fixture(scope="module")
def place(real_cluster: RealCluster) -> Iterator[Place]:
    """One namespace, everything that takes its time started at once."""
    with place_on("real", real_cluster.kubeconfig_path) as found:
        for manifest in (
            deployment("crash", "registry.local/crash:1"),
            deployment("bad", "registry.local/missing:v1"),
            deployment("slow", "registry.local/slow:1", pod={"container": PROBE}),
            deployment(
                "probed",
                pod={
                    "container": {
                        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 9999}, "periodSeconds": 1}
                    }
                },
            ),
        ):
            found.cluster.apply(found.placed(manifest), manager=MANAGER)
        yield found


def health(place: Place, name: str) -> ObjectHealth:
    key = place.key("Deployment", name, "apps")
    snapshot = place.cluster.observe([key])
    return assess(snapshot.objects, snapshot.children, snapshot.events).objects[0]


def pod_of(place: Place, name: str) -> Manifest:
    return place.cluster.list("", "Pod", namespace=place.namespace, label_selector=f"app={name}").items[0]


def test_a_rolling_update_of_real_containers_reaches_healthy(place: Place) -> None:
    for image in ("registry.local/web:v1", "registry.local/web:v2", "registry.local/web:v3"):
        place.cluster.apply(
            place.placed(deployment("web", image, replicas=3, pod={"container": PROBE})), manager=MANAGER
        )
        place.until(lambda: health(place, "web").health is Health.HEALTHY, seconds=60)
    pods = place.cluster.list("", "Pod", namespace=place.namespace, label_selector="app=web").items
    living = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    assert {pod["spec"]["containers"][0]["image"] for pod in living} == {"registry.local/web:v3"}
    assert place.cluster.logs(place.namespace, living[0]["metadata"]["name"]) is not None


def test_a_readiness_probe_that_fails_is_told_in_words_and_waited_for(place: Place) -> None:
    place.until(lambda: "Readiness probe failed" in health(place, "probed").sentence, seconds=40)
    assert not health(place, "probed").cannot_heal


def test_a_slow_container_gets_ready_in_the_end(place: Place) -> None:
    place.until(lambda: health(place, "slow").health is Health.HEALTHY, seconds=60)


def test_a_job_runs_to_its_end_and_its_output_can_be_read(place: Place) -> None:
    manifest = job()
    manifest["spec"]["template"]["spec"]["containers"][0]["command"] = ["sh", "-c", "echo migrated"]
    key = place.key("Job", "migrate", "batch")
    place.cluster.apply(place.placed(manifest), manager=MANAGER)

    def done() -> bool:
        snapshot = place.cluster.observe([key])
        return assess(snapshot.objects, snapshot.children, snapshot.events).worst is Health.HEALTHY

    place.until(done, seconds=40)
    [pod] = place.cluster.list("", "Pod", namespace=place.namespace, label_selector="job-name=migrate").items
    assert place.cluster.logs(place.namespace, pod["metadata"]["name"]) == "migrated\n"


def test_a_real_crash_loop_cannot_heal_after_three_restarts_and_keeps_its_last_words(place: Place) -> None:
    place.until(lambda: health(place, "crash").cannot_heal, seconds=120)
    pod = pod_of(place, "crash")
    assert pod["status"]["containerStatuses"][0]["restartCount"] >= 3
    assert place.cluster.logs(place.namespace, pod["metadata"]["name"], previous=True) is not None


def test_a_real_registry_s_refusal_cannot_heal_after_three_pulls(place: Place) -> None:
    place.until(lambda: health(place, "bad").cannot_heal, seconds=120)
    assert "cannot be pulled" in health(place, "bad").sentence
