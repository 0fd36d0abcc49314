"""Defaults are the real server's: its answers to dry-run creates, replayed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clusters import RealCluster, place_on
from tests.sandbox import recordings
from tests.sandbox.conftest import NAMESPACE, Client

_PLURALS = {
    "Ingress": "ingresses",
    "NetworkPolicy": "networkpolicies",
    "Endpoints": "endpoints",
}

# Version 1.34 of this server against 1.20 of the recorded one, or a server's own numbers.
NEWER = (
    ".creationTimestamp:",  # a template's null is no longer written
    "persistentVolumeClaimRetentionPolicy",
    "rollingUpdate.maxSurge: not recorded",  # of DaemonSets
    "updateStrategy.f:rollingUpdate.f:maxSurge: not recorded",
    "internalTrafficPolicy: not recorded",
    "ipFamilies: not recorded",
    "ipFamilyPolicy: not recorded",
    "allocateLoadBalancerNodePorts: not recorded",
    "completionMode: not recorded",
    "podReplacementPolicy: not recorded",
    "suspend: not recorded",
    "batch.kubernetes.io/",
    ".f:selector",  # atomic maps since 1.21
    ".f:fieldRef",
    ".f:scaleTargetRef",
    ".f:roleRef",
)
OWN = (
    "clusterIP",
    ".nodePort:",
    "controller-uid:",
    ".volumes: recorded",  # the service account's token is not mounted: nothing runs that could read it
    ".volumeMounts: recorded",
    ".finalizers: recorded ['kubernetes.io/pvc-protection']",  # a claim here is protected by nobody
    ".f:podSelector",  # whether an empty struct counts as set
    ".f:resources..: not recorded",
    ".f:deprecated.daemonset.template.generation",  # the sandbox accounts before it sets that mark
    ".f:metadata: recorded {'f:annotations'",
    ".f:enableServiceLinks",
    "f:status: recorded {'f:phase': {}}",
)


def _path(obj: dict[str, Any]) -> str:
    version, kind = obj["apiVersion"], obj["kind"]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{base}/namespaces/{NAMESPACE}/{_PLURALS.get(kind, kind.lower() + 's')}"


@pytest.mark.parametrize(
    "record",
    recordings.load("dry-run-creates"),
    ids=lambda record: f"{record['sent']['kind']}-{record['sent']['metadata']['name']}",
)
def test_a_dry_run_create_answers_what_the_real_server_answered(
    client: Client, record: dict[str, Any]
) -> None:
    sent = {**record["sent"], "metadata": {**record["sent"]["metadata"]}}

    answer = client.ok("POST", _path(sent), sent, dryRun="All", fieldManager="recorder")

    recorded = recordings.comparable(record["answered"])
    recorded["metadata"]["namespace"] = NAMESPACE
    found = [
        line
        for line in recordings.differences(recorded, recordings.comparable(answer))
        if not any(known in line for known in (*NEWER, *OWN))
    ]
    assert found == []
    assert client.call("GET", f"{_path(sent)}/{sent['metadata']['name']}")[0] == 404


@pytest.mark.cluster
def test_the_recordings_are_still_what_that_server_answers(real_cluster: RealCluster) -> None:
    with place_on("real", real_cluster.kubeconfig_path) as place:
        if place.minor != 20:
            pytest.skip(f"the answers were recorded on 1.20, this is 1.{place.minor}")
        found: list[str] = []
        for record in recordings.load("dry-run-creates"):
            if record["sent"]["kind"] == "Secret":
                continue  # the adapter hides its values
            answer = place.cluster.create(place.placed(record["sent"]), manager="recorder", dry_run=True)
            recorded = recordings.comparable(record["answered"])
            recorded["metadata"]["namespace"] = place.namespace
            found += [
                f"{record['sent']['kind']}{line}"
                for line in recordings.differences(recorded, recordings.comparable(dict(answer)))
                if not any(own in line for own in (".nodePort:", "controller-uid:", "default-token"))
            ]
        assert found == []
