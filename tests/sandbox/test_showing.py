"""What clients learn about the API, and the forms in which they ask for it."""

from __future__ import annotations

import json

from tests.sandbox.conftest import Client, config_map, deployment, path_of

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def test_discovery_lists_each_kind_with_its_subresources(client: Client) -> None:
    listed = {one["name"]: one for one in client.ok("GET", "/apis/apps/v1")["resources"]}

    assert listed["deployments"]["shortNames"] == ["deploy"]
    assert listed["deployments/scale"]["kind"] == "Scale"
    assert (listed["deployments/scale"]["group"], listed["deployments/scale"]["version"]) == (
        "autoscaling",
        "v1",
    )
    assert listed["deployments/status"]["verbs"] == ["get", "patch", "update"]
    groups = {one["name"]: one for one in client.ok("GET", "/apis")["groups"]}
    assert groups["autoscaling"]["preferredVersion"]["version"] == "v2"


def test_aggregated_discovery_says_the_same_as_the_lists(client: Client) -> None:
    found = {
        (item["metadata"].get("name", ""), version["version"], resource["resource"])
        for path in ("/api", "/apis")
        for item in client.ok("GET", path, accept=AGGREGATED)["items"]
        for version in item["versions"]
        for resource in version["resources"]
    }
    listed = {
        (kind.group, version, kind.plural) for kind in client.api.kinds.all() for version in kind.versions
    }
    assert found == listed


def test_the_schema_document_refers_to_nothing_that_it_does_not_hold(client: Client) -> None:
    paths = client.ok("GET", "/openapi/v3")["paths"]
    assert "apis/apps/v1" in paths
    for name in paths:
        text = client.raw("GET", f"/openapi/v3/{name}").body.decode()
        document = json.loads(text)
        wanted = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
        assert wanted <= document["components"]["schemas"].keys(), name
        for operations in document["paths"].values():
            if "patch" in operations:
                names = [one["name"] for one in operations["patch"]["parameters"]]
                assert "fieldValidation" in names


def test_a_list_as_a_table_has_the_usual_columns(client: Client) -> None:
    web = deployment(replicas=3)
    client.apply(path_of(web), web)
    client.ok("PUT", f"{path_of(web)}/status", {**web, "status": {"readyReplicas": 1, "updatedReplicas": 3}})

    table = client.ok("GET", path_of(web, named=False), accept=TABLE)

    assert [column["name"] for column in table["columnDefinitions"] if not column["priority"]] == [
        "Name",
        "Ready",
        "Up-to-date",
        "Available",
        "Age",
    ]
    assert table["rows"][0]["cells"][:4] == ["web", "1/3", 3, 0]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_every_kind_can_be_shown_as_a_table(client: Client) -> None:
    for kind in client.api.kinds.all():
        inside = "/namespaces/shop" if kind.namespaced else ""
        base = f"/apis/{kind.group}/{kind.versions[0]}" if kind.group else "/api/v1"
        table = client.ok("GET", f"{base}{inside}/{kind.plural}", accept=TABLE)
        assert table["kind"] == "Table", kind


def test_an_autoscaler_is_one_object_in_both_versions(client: Client) -> None:
    base = "/apis/autoscaling/{}/namespaces/shop/horizontalpodautoscalers"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    old = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": target, "maxReplicas": 4, "targetCPUUtilizationPercentage": 60},
    }
    client.ok("POST", base.format("v1"), old)

    new = client.ok("GET", base.format("v2") + "/web")

    assert new["apiVersion"] == "autoscaling/v2"
    assert new["spec"]["metrics"] == [
        {
            "type": "Resource",
            "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
        }
    ]
    assert client.ok("GET", base.format("v1") + "/web")["spec"] == {**old["spec"], "minReplicas": 1}  # type: ignore[dict-item]


def test_deleting_answers_the_object_while_something_holds_it(client: Client) -> None:
    held = config_map()
    held["metadata"]["finalizers"] = ["example.com/hold"]
    client.ok("POST", path_of(held, named=False), held)

    answer = client.ok("DELETE", path_of(held))
    assert "deletionTimestamp" in answer["metadata"]
    client.ok(
        "PATCH",
        path_of(held),
        {"metadata": {"finalizers": None}},
        content_type="application/merge-patch+json",
    )
    assert client.call("GET", path_of(held))[0] == 404

    web = deployment()
    client.apply(path_of(web), web)
    answer = client.ok("DELETE", path_of(web), {"propagationPolicy": "Foreground"})
    assert answer["metadata"]["finalizers"] == ["foregroundDeletion"]


def test_an_eviction_that_a_budget_forbids_is_a_429(client: Client) -> None:
    labels = {"app": "web"}
    pod = {
        "metadata": {"name": "p", "labels": labels},
        "spec": {"containers": [{"name": "a", "image": "a:1"}]},
    }
    client.ok("POST", "/api/v1/namespaces/shop/pods", pod)
    budgets = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
    budget = {"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": labels}}}
    client.ok("POST", budgets, budget)

    status, refusal = client.call("POST", "/api/v1/namespaces/shop/pods/p/eviction", {})
    assert (status, refusal["reason"]) == (429, "TooManyRequests")

    client.ok("DELETE", f"{budgets}/b")
    assert client.call("POST", "/api/v1/namespaces/shop/pods/p/eviction", {})[0] == 201
    assert client.call("GET", "/api/v1/namespaces/shop/pods/p")[0] == 404


def test_a_name_is_made_from_generate_name(client: Client) -> None:
    made = client.ok("POST", path_of(config_map(), named=False), {"metadata": {"generateName": "job-"}})

    assert made["metadata"]["name"].startswith("job-")
    assert len(made["metadata"]["name"]) == 9


def test_a_secret_is_written_with_string_data_and_read_as_data(client: Client) -> None:
    secret = {"metadata": {"name": "s"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}}

    made = client.ok("POST", "/api/v1/namespaces/shop/secrets", secret)

    assert made["data"] == {"a": "Yg==", "c": "ZA=="}
    assert "stringData" not in made
    assert made["type"] == "Opaque"
