"""ConfigMaps and Secrets are named by their content, and pods name the one they were made with."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.engine.objects import Manifest
from tests.engine.manifests.bundles import config, deployment, job, marked, named, ready, secret, thing

# Each way of a pod's spec to name a ConfigMap or Secret, and how to read the name back.
REFERENCES: dict[str, tuple[Manifest, dict[str, Any], Any]] = {
    "env of a ConfigMap": (
        config(),
        {"containers": [{"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "conf"}}}]}]},
        lambda pod: pod["containers"][0]["env"][0]["valueFrom"]["configMapKeyRef"]["name"],
    ),
    "env of a Secret": (
        secret(),
        {"containers": [{"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "login"}}}]}]},
        lambda pod: pod["containers"][0]["env"][0]["valueFrom"]["secretKeyRef"]["name"],
    ),
    "envFrom of a ConfigMap": (
        config(),
        {"containers": [{"envFrom": [{"configMapRef": {"name": "conf"}}]}]},
        lambda pod: pod["containers"][0]["envFrom"][0]["configMapRef"]["name"],
    ),
    "envFrom of a Secret, in an init container": (
        secret(),
        {"initContainers": [{"envFrom": [{"secretRef": {"name": "login"}}]}]},
        lambda pod: pod["initContainers"][0]["envFrom"][0]["secretRef"]["name"],
    ),
    "a volume of a ConfigMap": (
        config(),
        {"volumes": [{"name": "v", "configMap": {"name": "conf"}}]},
        lambda pod: pod["volumes"][0]["configMap"]["name"],
    ),
    "a volume of a Secret": (
        secret(),
        {"volumes": [{"name": "v", "secret": {"secretName": "login"}}]},
        lambda pod: pod["volumes"][0]["secret"]["secretName"],
    ),
    "a projected ConfigMap": (
        config(),
        {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "conf"}}]}}]},
        lambda pod: pod["volumes"][0]["projected"]["sources"][0]["configMap"]["name"],
    ),
    "a projected Secret": (
        secret(),
        {"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "login"}}]}}]},
        lambda pod: pod["volumes"][0]["projected"]["sources"][0]["secret"]["name"],
    ),
    "a pull secret": (
        secret(),
        {"imagePullSecrets": [{"name": "login"}]},
        lambda pod: pod["imagePullSecrets"][0]["name"],
    ),
}


@pytest.mark.parametrize("case", REFERENCES)
def test_a_reference_is_rewritten_to_the_name_with_the_suffix(case: str):
    held, spec, read = REFERENCES[case]
    prepared = ready(held, deployment(**spec))
    item = named(prepared, held["kind"])
    assert item.versioned
    assert item.key.name.startswith(f"{held['metadata']['name']}-")
    assert len(item.key.name) == len(held["metadata"]["name"]) + 11
    assert read(named(prepared, "Deployment").manifest["spec"]["template"]["spec"]) == item.key.name


MOUNTS = {"volumes": [{"name": "v", "configMap": {"name": "conf"}}]}
MOUNTS_SECRET = {"volumes": [{"name": "v", "secret": {"secretName": "login"}}]}


def names(*documents: Manifest, **changes: Any) -> set[str]:
    return {item.key.name for item in ready(*documents, **changes).objects}


def test_a_change_of_content_is_another_name_and_the_same_content_the_same():
    def name(**data: str) -> str:
        return named(ready(config(**data), deployment(**MOUNTS)), "ConfigMap").key.name

    assert name(mode="fast") == name(mode="fast")
    assert name(mode="fast") != name(mode="slow")


def test_labels_are_no_content():
    one, other = config(), config()
    other["metadata"]["labels"] = {"team": "blue"}
    assert names(one, deployment(**MOUNTS)) == names(other, deployment(**MOUNTS))


def test_a_secrets_suffix_tells_nothing_without_the_key():
    def name(key: bytes) -> str:
        return named(ready(secret(), deployment(**MOUNTS_SECRET), secret_key=key), "Secret").key.name

    assert name(b"a" * 32) == name(b"a" * 32)
    assert name(b"a" * 32) != name(b"b" * 32)


def test_what_no_pod_uses_keeps_its_name():
    prepared = ready(config())
    assert prepared.objects[0].key.name == "conf"
    assert not prepared.objects[0].versioned


def test_opting_out_keeps_the_name_and_the_reference():
    kept = config()
    kept["metadata"]["annotations"] = {"slipway.dev/versioned": "false"}
    prepared = ready(kept, deployment(**MOUNTS))
    assert named(prepared, "ConfigMap").key.name == "conf"
    pod = named(prepared, "Deployment").manifest["spec"]["template"]["spec"]
    assert pod["volumes"][0]["configMap"]["name"] == "conf"


def test_a_service_accounts_token_keeps_its_name():
    token = secret() | {"type": "kubernetes.io/service-account-token"}
    assert "login" in names(token, deployment(**MOUNTS_SECRET))


def test_references_to_what_is_not_in_the_bundle_are_left_alone():
    pod = named(ready(deployment(**MOUNTS)), "Deployment").manifest["spec"]["template"]["spec"]
    assert pod["volumes"][0]["configMap"]["name"] == "conf"


def test_a_name_in_another_namespace_is_another_thing():
    there = config()
    there["metadata"]["namespace"] = "shared"
    prepared = ready(there, deployment(**MOUNTS), allowed_namespaces=frozenset({"shared"}))
    assert named(prepared, "ConfigMap").key.name == "conf"


# Places that are not ours to rewrite: the object keeps its name, and the plan says why.
ELSEWHERE: dict[str, tuple[Manifest, Manifest]] = {
    "an Ingress' certificate": (
        secret(),
        thing("Ingress", api="networking.k8s.io/v1", spec={"tls": [{"secretName": "login"}]}),
    ),
    "a ServiceAccount's secrets": (secret(), thing("ServiceAccount", secrets=[{"name": "login"}])),
    "a ServiceAccount's pull secrets": (
        secret(),
        thing("ServiceAccount", imagePullSecrets=[{"name": "login"}]),
    ),
    "a custom resource's reference": (
        secret(),
        thing("Database", api="example.net/v1", spec={"authSecretRef": {"name": "login"}}),
    ),
    "a custom resource's reference by kind": (
        config(),
        thing("Database", api="example.net/v1", spec={"from": [{"kind": "ConfigMap", "name": "conf"}]}),
    ),
    "a volume driver's secret": (
        secret(),
        deployment(
            "db",
            volumes=[{"name": "v", "csi": {"driver": "x", "nodePublishSecretRef": {"name": "login"}}}],
        ),
    ),
    "a Role by name": (
        config(),
        thing(
            "Role",
            api="rbac.authorization.k8s.io/v1",
            rules=[{"resources": ["configmaps"], "resourceNames": ["conf"], "verbs": ["get"]}],
        ),
    ),
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_what_is_named_from_elsewhere_keeps_its_name_and_is_reported(case: str):
    held, other = ELSEWHERE[case]
    prepared = ready(held, other, deployment(**(MOUNTS_SECRET if held["kind"] == "Secret" else MOUNTS)))
    name = held["metadata"]["name"]
    assert named(prepared, held["kind"]).key.name == name
    whom = f"{other['kind']} {other['metadata']['name']}"
    (note,) = prepared.notes
    assert note == f"{held['kind']} {name} keeps its name: {whom} names it too, and that is not rewritten."


def test_jobs_and_cron_jobs_name_the_suffixed_one_too():
    nightly = thing(
        "CronJob",
        "nightly",
        api="batch/v1",
        spec={"jobTemplate": {"spec": {"template": {"spec": dict(MOUNTS)}}}},
    )
    run = job()
    run["spec"]["template"]["spec"] |= MOUNTS
    prepared = ready(config(), nightly, run)
    suffixed = named(prepared, "ConfigMap").key.name
    cron = named(prepared, "CronJob").manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert cron["volumes"][0]["configMap"]["name"] == suffixed
    once = named(prepared, "Job").manifest["spec"]["template"]["spec"]
    assert once["volumes"][0]["configMap"]["name"] == suffixed


def test_a_large_bundle_is_walked_once():
    documents = [config(f"c{number}") for number in range(1500)]
    documents += [
        deployment(f"d{number}", volumes=[{"name": "v", "configMap": {"name": f"c{number}"}}])
        for number in range(1500)
    ]
    assert sum(item.versioned for item in ready(*documents).objects) == 1500


def test_marks_of_other_kinds_change_nothing():
    assert names(marked("Service", versioned="false")) == {"web"}
