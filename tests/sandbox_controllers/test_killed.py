"""The whole process, killed in the middle: what was begun goes on, and nothing is there twice."""

from __future__ import annotations

from slipway.engine.health import Health, assess
from slipway.engine.objects import ObjectKey, resource_version_of, uid_of
from tests.clusters import place_on, running_sandbox
from tests.contracts.manifests import MANAGER, deployment


def test_a_roll_out_goes_on_after_kill_9_with_the_pods_that_were_there() -> None:
    with running_sandbox(speed=20) as sandbox, place_on("sandbox", sandbox.kubeconfig_path) as place:
        cluster = place.cluster
        old = cluster.apply(place.placed(deployment("old", replicas=2)), manager=MANAGER)
        key = ObjectKey.of(old)

        def healthy(name: ObjectKey) -> bool:
            snapshot = cluster.observe([name])
            return assess(snapshot.objects, snapshot.children, snapshot.events).worst is Health.HEALTHY

        place.until(lambda: healthy(key))
        before = {uid_of(pod) for pod in cluster.list("", "Pod", namespace=place.namespace).items}
        probed = {"readinessProbe": {"tcpSocket": {"port": 80}, "initialDelaySeconds": 20}}
        slow = place.placed(deployment("slow", replicas=3, pod={"container": probed}))
        begun = ObjectKey.of(cluster.apply(slow, manager=MANAGER))
        place.until(lambda: len(cluster.list("", "Pod", namespace=place.namespace).items) == 5)
        last = cluster.read(begun)
        assert last is not None
        sandbox.kill()
        sandbox.start()
        place.until(lambda: healthy(begun), seconds=30)
        after = cluster.list("", "Pod", namespace=place.namespace).items
        assert len(after) == 5
        assert before < {uid_of(pod) for pod in after}
        live = cluster.read(begun)
        assert live is not None
        assert uid_of(live) == uid_of(last)
        assert int(resource_version_of(live)) > int(resource_version_of(last))
        assert healthy(key)
        addresses = [pod["status"]["podIP"] for pod in after]
        assert len(set(addresses)) == 5
