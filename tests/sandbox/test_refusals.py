"""What is refused, in the words of a real server (1.20's answers, structs shown as JSON as newer ones do)."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.sandbox.store import Manifest
from tests.sandbox.conftest import Client, config_map, deployment, path_of

MERGE = "application/merge-patch+json"


def refused(client: Client, obj: Manifest) -> tuple[int, str]:
    status, answer = client.call("POST", path_of(obj, named=False), obj)
    return status, answer["message"]


def service(**spec: Any) -> Manifest:
    metadata = {"name": "web"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": [{"port": 80}], **spec},
    }


def test_a_missing_namespace_is_named(client: Client) -> None:
    status, answer = client.call("POST", "/api/v1/namespaces/nowhere/configmaps", config_map())

    assert (status, answer["message"]) == (404, 'namespaces "nowhere" not found')


def test_nothing_is_created_in_a_namespace_that_ends(client: Client) -> None:
    client.ok("DELETE", "/api/v1/namespaces/shop")

    status, answer = client.call("POST", path_of(config_map(), named=False), config_map())

    assert status == 403
    assert answer["message"] == (
        'configmaps "settings" is forbidden: unable to create new content in namespace shop because it is being '
        "terminated"
    )
    assert answer["details"]["causes"][0]["reason"] == "NamespaceTerminating"


def test_a_selector_must_match_its_template(client: Client) -> None:
    web = deployment()
    web["spec"]["template"]["metadata"]["labels"] = {"app": "other"}

    assert refused(client, web) == (
        422,
        (
            'Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value: {"app":"other"}: '
            "`selector` does not match template `labels`"
        ),
    )


def test_several_problems_come_in_one_answer(client: Client) -> None:
    web = deployment(replicas=-1)
    web["spec"]["template"]["spec"]["containers"] = [
        {"name": "A_b", "image": "", "ports": [{"containerPort": 99999}]}
    ]

    status, answer = client.call("POST", path_of(web, named=False), web)

    assert status == 422
    assert [cause["field"] for cause in answer["details"]["causes"]] == [
        "spec.replicas",
        "spec.template.spec.containers[0].name",
        "spec.template.spec.containers[0].image",
        "spec.template.spec.containers[0].ports[0].containerPort",
    ]


def test_required_fields_of_every_type_are_asked_for(client: Client) -> None:
    web = deployment()
    web["spec"]["template"]["spec"]["containers"][0]["env"] = [{"value": "x"}]

    assert refused(client, web) == (
        422,
        'Deployment.apps "web" is invalid: spec.template.spec.containers[0].env[0].name: Required value',
    )


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (service(type="Foo"), 'spec.type: Unsupported value: "Foo": supported values: "ClusterIP", '),
        (service(ports=[]), "spec.ports: Required value"),
        (service(ports=[{"port": 80}, {"port": 81}]), "spec.ports[0].name: Required value"),
        (config_map(**{"a b": "x"}), 'data[a b]: Invalid value: "a b": a valid config key must consist of'),
        (config_map("Upper"), 'metadata.name: Invalid value: "Upper": a lowercase RFC 1123 subdomain'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_values_are_refused_by_field(client: Client, obj: Manifest, message: str) -> None:
    status, text = refused(client, obj)

    assert status == 422
    assert message in text


def test_a_wrong_type_is_a_400_and_never_shows_a_secrets_value(client: Client) -> None:
    assert refused(client, deployment(replicas="two")) == (
        400,
        (
            'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go '
            "struct field spec.replicas of type int32"
        ),
    )
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"key": "h*nter2"}}
    status, answer = client.call("POST", "/api/v1/namespaces/shop/secrets", secret)
    assert status == 400
    assert "hunter2" not in answer["message"]
    assert "h*nter2" not in answer["message"]


def test_a_job_template_and_a_selector_are_immutable(client: Client) -> None:
    job: Manifest = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "migrate"},
        "spec": {
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b:1"}]}}
        },
    }
    client.apply(path_of(job), job)
    job["spec"]["template"]["spec"]["containers"][0]["image"] = "b:2"

    status, answer = client.call(
        "PATCH", path_of(job), job, content_type="application/apply-patch+yaml", fieldManager="one"
    )
    assert (status, answer["details"]["causes"][0]["field"]) == (422, "spec.template")
    assert answer["message"].endswith("field is immutable")

    web = deployment()
    client.apply(path_of(web), web)
    selector = {"spec": {"selector": {"matchLabels": {"app": "web", "x": "y"}}}}
    status, answer = client.call("PATCH", path_of(web), selector, content_type=MERGE)
    assert status == 422
    assert "spec.selector" in [cause["field"] for cause in answer["details"]["causes"]]
    assert "field is immutable" in answer["message"]


def test_a_service_keeps_its_address(client: Client) -> None:
    made = client.ok("POST", path_of(service(), named=False), service())
    address = made["spec"]["clusterIP"]

    status, answer = client.call(
        "PATCH", path_of(made), {"spec": {"clusterIP": "10.96.3.3"}}, content_type=MERGE
    )
    assert status == 422
    assert "may not change once set" in answer["message"]

    kept = client.ok("PUT", path_of(made), service(selector={"a": "b"}))
    assert kept["spec"]["clusterIP"] == address


def test_preconditions_of_a_delete_are_kept(client: Client) -> None:
    made = client.ok("POST", path_of(config_map(), named=False), config_map())
    other = {"preconditions": {"uid": "11111111-2222-3333-4444-555555555555"}}

    status, answer = client.call("DELETE", path_of(made), other)

    assert (status, answer["reason"]) == (409, "Conflict")
    own = {"preconditions": {"uid": made["metadata"]["uid"]}}
    assert client.ok("DELETE", path_of(made), own)["status"] == "Success"
    assert client.call("DELETE", path_of(made), own)[0] == 404


def test_unknown_selectors_and_paths_are_refused(client: Client) -> None:
    path = path_of(deployment(), named=False)

    assert client.call("GET", path, fieldSelector="spec.replicas=1")[1]["message"] == (
        '"spec.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"'
    )
    assert client.call("GET", path, labelSelector="a in b")[0] == 400
    assert client.call("GET", "/apis/nothing.example.com/v1/things")[0] == 404
