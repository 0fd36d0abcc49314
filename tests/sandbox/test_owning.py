"""Who owns what after applies and ordinary writes, beyond the recorded sequence."""

from __future__ import annotations

from typing import Any

from slipway.sandbox.store import Manifest
from tests.sandbox.conftest import APPLY, Client, config_map, deployment, path_of


def owned(obj: Manifest, manager: str) -> Any:
    return next(
        (
            entry["fieldsV1"]
            for entry in obj["metadata"].get("managedFields", ())
            if entry["manager"] == manager
        ),
        None,
    )


def test_applying_the_same_again_changes_nothing_at_all(client: Client) -> None:
    web = deployment()
    first = client.apply(path_of(web), web)

    assert client.apply(path_of(web), web) == first
    assert client.apply(path_of(web), web, dryRun="All") == first


def test_what_is_owned_are_the_leaves_of_what_was_sent(client: Client) -> None:
    obj = config_map(a="1")
    obj["metadata"]["labels"] = {"app": "web"}

    made = client.apply(path_of(obj), obj)

    assert owned(made, "one") == {"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {"f:app": {}}}}


def test_a_field_that_is_no_longer_sent_goes_unless_another_owns_it(client: Client) -> None:
    both, path = config_map(a="1", b="2"), path_of(config_map())
    client.apply(path, both, "one")
    client.apply(path, config_map(b="2"), "two")

    left = client.apply(path, config_map(), "one")

    assert left["data"] == {"b": "2"}
    assert owned(left, "two") == {"f:data": {"f:b": {}}}


def test_a_replica_count_that_is_given_up_is_reset_to_its_default(client: Client) -> None:
    web = deployment(replicas=4)
    client.apply(path_of(web), web)
    del web["spec"]["replicas"]

    assert client.apply(path_of(web), web)["spec"]["replicas"] == 1


def test_a_scaler_is_named_with_its_subresource(client: Client) -> None:
    web = deployment(replicas=2)
    client.apply(path_of(web), web)
    client.ok(
        "PATCH",
        f"{path_of(web)}/scale",
        {"spec": {"replicas": 5}},
        content_type="application/merge-patch+json",
        fieldManager="autoscaler",
    )

    status, refusal = client.call("PATCH", path_of(web), web, content_type=APPLY, fieldManager="one")

    assert status == 409
    assert refusal["message"] == (
        'Apply failed with 1 conflict: conflict with "autoscaler" with subresource "scale" using apps/v1: '
        ".spec.replicas"
    )


def test_a_dry_run_writes_nothing(client: Client) -> None:
    web = deployment()
    made = client.apply(path_of(web), web)

    changed = client.apply(path_of(web), deployment(replicas=7), dryRun="All")

    assert (changed["spec"]["replicas"], changed["metadata"]["generation"]) == (7, 2)
    assert client.ok("GET", path_of(web)) == made


def test_an_absent_object_is_never_created_under_a_uid(client: Client) -> None:
    obj = config_map(a="1")
    obj["metadata"]["uid"] = "11111111-2222-3333-4444-555555555555"

    status, refusal = client.call("PATCH", path_of(obj), obj, content_type=APPLY, fieldManager="one")

    assert status == 409
    assert refusal["reason"] == "Conflict"
    assert "no existing object was found" in refusal["message"]


def test_a_stale_version_is_refused_even_with_force(client: Client) -> None:
    obj = config_map(a="1")
    made = client.apply(path_of(obj), obj)
    client.apply(path_of(obj), config_map(a="2"))
    obj["metadata"]["resourceVersion"] = made["metadata"]["resourceVersion"]

    status, refusal = client.call(
        "PATCH", path_of(obj), obj, content_type=APPLY, fieldManager="one", force="true"
    )

    assert (status, refusal["reason"]) == (409, "Conflict")
    assert "the object has been modified" in refusal["message"]


def test_applying_an_unknown_field_is_a_500_and_creating_with_it_a_warning(client: Client) -> None:
    web = deployment(colour="green")

    status, refusal = client.call("PATCH", path_of(web), web, content_type=APPLY, fieldManager="one")
    assert status == 500
    assert refusal["message"] == (
        "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.colour: field not "
        "declared in schema"
    )

    answer = client.raw("POST", path_of(web, named=False), web)
    assert (answer.status, answer.warnings) == (201, ['unknown field "spec.colour"'])

    status, refusal = client.call("POST", path_of(web, named=False), web, fieldValidation="Strict")
    assert status == 400
    assert 'strict decoding error: unknown field "spec.colour"' in refusal["message"]


def test_a_port_may_leave_its_protocol_out_and_still_is_one_port(client: Client) -> None:
    service: Manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    first = client.apply(path_of(service), service)
    service["spec"]["ports"][0]["protocol"] = "TCP"

    again = client.apply(path_of(service), service)

    assert first["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert again["spec"]["ports"] == first["spec"]["ports"]
    assert set(owned(first, "one")["f:spec"]["f:ports"]) == {'k:{"port":80,"protocol":"TCP"}'}


def test_status_and_spec_are_written_through_different_doors(client: Client) -> None:
    web = deployment()
    made = client.apply(path_of(web), web)
    merge = "application/merge-patch+json"

    client.ok("PATCH", path_of(web), {"status": {"replicas": 9}}, content_type=merge)
    assert client.ok("GET", path_of(web))["status"] == made["status"]

    body = {"status": {"replicas": 9}, "spec": {"replicas": 9}}
    after = client.ok("PATCH", f"{path_of(web)}/status", body, content_type=merge, fieldManager="kubelet")
    assert (after["status"]["replicas"], after["spec"]["replicas"]) == (9, 2)
    assert owned(after, "kubelet") == {"f:status": {"f:replicas": {}}}
