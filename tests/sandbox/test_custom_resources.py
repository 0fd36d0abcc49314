from __future__ import annotations

from slipway.sandbox.store import Manifest
from tests.sandbox.conftest import APPLY, Client

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/shop/widgets"

SCHEMA: Manifest = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "size": {"type": "integer", "default": 3},
                "parts": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"type": "string"}, "colour": {"type": "string"}},
                    },
                },
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        },
        "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
    },
}


def definition() -> Manifest:
    column = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": SCHEMA},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [column],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "shortNames": ["wd"]},
            "versions": [version],
        },
    }


def widget(**spec: object) -> Manifest:
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}


def test_a_kind_is_served_from_its_definition_on_and_no_longer_than_that(client: Client) -> None:
    assert client.call("GET", WIDGETS)[0] == 404

    client.ok("POST", CRDS, definition())
    crd = client.ok("GET", f"{CRDS}/widgets.example.com")
    assert [(one["type"], one["status"]) for one in crd["status"]["conditions"]] == [
        ("NamesAccepted", "True"),
        ("Established", "True"),
    ]
    listed = client.ok("GET", "/apis/example.com/v1")["resources"]
    assert [one["name"] for one in listed] == ["widgets", "widgets/status"]
    assert "example.com" in [one["name"] for one in client.ok("GET", "/apis")["groups"]]

    client.ok("POST", WIDGETS, widget())
    client.ok("DELETE", f"{CRDS}/widgets.example.com")
    assert client.call("GET", WIDGETS)[0] == 404
    client.ok("POST", CRDS, definition())
    assert client.ok("GET", WIDGETS)["items"] == []


def test_its_schema_defaults_prunes_and_merges(client: Client) -> None:
    client.ok("POST", CRDS, definition())
    path = f"{WIDGETS}/w"
    parts = [{"name": "a", "colour": "red"}]

    made = client.apply(path, widget(parts=parts, unknown=1, free={"any": ["thing"]}))
    assert made["spec"] == {"parts": parts, "free": {"any": ["thing"]}, "size": 3}
    assert made["metadata"]["generation"] == 1

    both = client.apply(path, widget(parts=[{"name": "b"}]), "two")
    assert both["spec"]["parts"] == [{"name": "a", "colour": "red"}, {"name": "b"}]

    status, refusal = client.call(
        "PATCH", path, widget(parts=[{"colour": "red"}]), content_type=APPLY, fieldManager="one"
    )
    assert status == 500
    assert 'omits key field "name"' in refusal["message"]


def test_status_counts_no_generation_and_columns_are_its_own(client: Client) -> None:
    client.ok("POST", CRDS, definition())
    made = client.ok("POST", WIDGETS, widget(size=5))
    ready = client.ok("PUT", f"{WIDGETS}/w/status", {**made, "status": {"ready": True}})
    assert (ready["metadata"]["generation"], ready["status"]) == (1, {"ready": True})

    table = client.ok("GET", WIDGETS, accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Size"]
    assert table["rows"][0]["cells"] == ["w", 5]


def test_a_dry_run_beside_a_definition_that_is_not_there_yet_is_a_404(client: Client) -> None:
    status, _ = client.call(
        "PATCH", f"{WIDGETS}/w", widget(), content_type=APPLY, fieldManager="one", dryRun="All"
    )
    assert status == 404
