"""What a pod's output looks like through the port: containers, the server's words, secrets masked before they leave."""

from __future__ import annotations

import pytest

from slipway.adapters.kubernetes.logs import containers_of, order, secrets_of
from slipway.engine.masking import MASK
from slipway.engine.objects import Manifest, uid_of
from slipway.ports.clusters import ClusterError
from slipway.ports.logs import LogPod
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, deployment


def pod_with(place: Place, name: str, container: Manifest) -> Manifest:
    manifest = deployment(name, "registry.local/web:v1", pod={"container": container})
    place.cluster.apply(place.placed(manifest), manager=MANAGER)

    def found() -> Manifest | None:
        listing = place.cluster.list("", "Pod", namespace=place.namespace, label_selector=f"app={name}")
        return next((pod for pod in listing.items if pod["spec"].get("nodeName")), None)

    pod: Manifest = place.until(found, what=f"a scheduled pod of {name}")
    return pod


def test_a_pod_tells_its_containers_and_whose_secrets_are_masked(any_cluster: Place) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "door"},
        "stringData": {"password": "open sesame", "short": "no"},
    }
    any_cluster.cluster.create(any_cluster.placed(secret), manager=MANAGER)
    pod = pod_with(any_cluster, "keyed", {"envFrom": [{"secretRef": {"name": "door"}}]})
    logs = any_cluster.cluster.logs_of(any_cluster.namespace, pod["metadata"]["name"], uid=uid_of(pod))
    told = logs.pod()
    assert isinstance(told, LogPod)
    # Before 1.24 each pod is also given its service account's token, which is one more value.
    tokens = sum(1 for name in secrets_of(pod) if "-token-" in name)
    assert (told.uid, told.known_values, told.unread_secrets) == (uid_of(pod), 1 + tokens, ())
    assert [(one.name, one.kind) for one in told.containers] == [("web", "")]


def test_a_pod_that_is_gone_or_another_of_its_name_is_none(any_cluster: Place) -> None:
    pod = pod_with(any_cluster, "web", {})
    name = pod["metadata"]["name"]
    assert any_cluster.cluster.logs_of(any_cluster.namespace, "no-such-pod").pod() is None
    assert any_cluster.cluster.logs_of(any_cluster.namespace, name, uid="another").pod() is None
    assert any_cluster.cluster.logs_of(any_cluster.namespace, name).pod() is not None


def test_a_container_that_there_is_not_is_refused_in_the_servers_words(any_cluster: Place) -> None:
    pod = pod_with(any_cluster, "web", {})
    logs = any_cluster.cluster.logs_of(any_cluster.namespace, pod["metadata"]["name"])
    with pytest.raises(ClusterError) as refused:
        list(logs.lines("nothing"))
    assert refused.value.sentence == f"container nothing is not valid for pod {pod['metadata']['name']}"


def test_output_comes_line_by_line_or_the_server_says_why_not(any_cluster: Place) -> None:
    """On nodes that are none, the kubelet cannot be asked; its words are shown."""
    pod = pod_with(any_cluster, "web", {})
    logs = any_cluster.cluster.logs_of(any_cluster.namespace, pod["metadata"]["name"])

    def answer() -> list[str] | str | None:
        try:
            return [line.text for line in logs.lines("web", tail=10)]
        except ClusterError as error:
            return (
                None
                if "waiting to start" in error.sentence or "ContainerCreating" in error.sentence
                else error.sentence
            )

    told = any_cluster.until(answer, what="lines or a reason")
    if any_cluster.kind == "sandbox":
        assert told[0] == "sandbox: simulating web of registry.local/web:v1; nothing really runs"
    else:
        assert told  # lines where containers run, a sentence where nodes are made up


def test_a_private_path_cannot_be_reached_through_a_name(any_cluster: Place) -> None:
    with pytest.raises(ClusterError):
        any_cluster.cluster.logs_of(any_cluster.namespace, "../../secrets")


def test_secrets_are_found_wherever_a_pod_is_given_them() -> None:
    pod = {
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "env": [
                        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "one", "key": "k"}}},
                        {"name": "B"},
                    ],
                    "envFrom": [{"secretRef": {"name": "two"}}, {"configMapRef": {"name": "no"}}],
                }
            ],
            "initContainers": [{"name": "init", "envFrom": [{"secretRef": {"name": "three"}}]}],
            "volumes": [
                {"name": "v", "secret": {"secretName": "four"}},
                {
                    "name": "p",
                    "projected": {"sources": [{"secret": {"name": "five"}}, {"configMap": {"name": "no"}}]},
                },
            ],
        }
    }
    assert secrets_of(pod) == ("five", "four", "one", "three", "two")


def test_a_container_says_how_it_is_and_whether_its_last_words_are_kept() -> None:
    pod = {
        "spec": {
            "containers": [{"name": "web", "image": "web:1"}, {"name": "side", "image": "side:1"}],
            "initContainers": [{"name": "migrate", "image": "web:1"}],
        },
        "status": {
            "containerStatuses": [
                {
                    "name": "web",
                    "restartCount": 2,
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                    "lastState": {"terminated": {"exitCode": 1}},
                },
            ],
            "initContainerStatuses": [
                {"name": "migrate", "restartCount": 0, "state": {"terminated": {"exitCode": 0}}}
            ],
        },
    }
    assert [(one.name, one.kind, one.words, one.has_previous) for one in containers_of(pod)] == [
        ("web", "", "waiting: CrashLoopBackOff, 2 restarts", True),
        ("side", "", "not started", False),
        ("migrate", "init", "completed", False),
    ]


def test_moments_are_ordered_as_nodes_write_them() -> None:
    moments = [
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00.45Z",
        "2026-03-01T12:00:00.5Z",
        "2026-03-01T12:00:00.500000001Z",
        "2026-03-01T14:00:01+02:00",
    ]
    assert sorted(set(moments), key=order) == moments


@pytest.mark.cluster
@pytest.mark.realnodes
def test_a_secret_that_a_real_container_writes_is_masked(any_cluster: Place) -> None:
    if any_cluster.kind != "real":
        pytest.skip("the sandbox runs nothing that could write")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "door"},
        "stringData": {"password": "open sesame"},
    }
    any_cluster.cluster.create(any_cluster.placed(secret), manager=MANAGER)
    container = {
        "image": "registry.local/busybox:1",
        "command": ["sh", "-c", 'echo "the door says $password to all"; sleep 600'],
        "envFrom": [{"secretRef": {"name": "door"}}],
    }
    pod = pod_with(any_cluster, "talker", container)
    logs = any_cluster.cluster.logs_of(any_cluster.namespace, pod["metadata"]["name"])

    def lines() -> list[str] | None:
        try:
            return [line.text for line in logs.lines("web", tail=10)] or None
        except ClusterError:
            return None

    assert any_cluster.until(lines, seconds=60) == [f"the door says {MASK} to all"]
