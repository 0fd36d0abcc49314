"""Server-side apply and its dry run: what a plan is made of (rules 1, 3, 5, 6, 7 of the Kubernetes notes)."""

from __future__ import annotations

from typing import Any

from slipway.engine.diff.fields import changes
from slipway.engine.diff.owners import owned_by
from slipway.engine.objects import Manifest, ObjectKey, resource_version_of, uid_of
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, config_map, deployment, sample, sample_releases
from tests.newer import Newer


def apply(place: Place, manifest: Manifest, **how: Any) -> Manifest:
    return place.cluster.apply(place.placed(manifest), manager=how.pop("manager", MANAGER), **how)


def test_the_first_apply_creates_and_answers_what_the_server_added(any_cluster: Place) -> None:
    made = apply(any_cluster, deployment())
    assert made["metadata"]["uid"]
    assert made["metadata"]["resourceVersion"]
    assert made["metadata"]["generation"] == 1
    assert made["metadata"]["creationTimestamp"].endswith("Z")
    assert made["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    assert made["spec"]["progressDeadlineSeconds"] == 600
    assert made["spec"]["revisionHistoryLimit"] == 10
    container = made["spec"]["template"]["spec"]["containers"][0]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["terminationMessagePath"] == "/dev/termination-log"
    assert made["spec"]["template"]["spec"]["restartPolicy"] == "Always"


def test_applying_the_same_again_changes_nothing_at_all(any_cluster: Place) -> None:
    first = apply(any_cluster, config_map())
    second = apply(any_cluster, config_map())
    assert second == first


def test_an_apply_that_changes_a_spec_raises_the_generation_by_one(any_cluster: Place) -> None:
    apply(any_cluster, deployment())
    assert apply(any_cluster, deployment(image="registry.local/web:v2"))["metadata"]["generation"] == 2


def test_a_change_of_metadata_alone_leaves_the_generation(any_cluster: Place) -> None:
    apply(any_cluster, deployment())
    labelled = deployment()
    labelled["metadata"]["labels"] = {"tier": "front"}
    assert apply(any_cluster, labelled)["metadata"]["generation"] == 1


def test_a_field_that_its_only_owner_drops_goes_away(any_cluster: Place) -> None:
    apply(any_cluster, config_map(data={"colour": "blue", "size": "large"}))
    assert apply(any_cluster, config_map(data={"colour": "blue"}))["data"] == {"colour": "blue"}


def test_a_list_entry_that_its_only_owner_drops_goes_away_and_the_rest_stays(any_cluster: Place) -> None:
    two = deployment()
    two["spec"]["template"]["spec"]["containers"].append({"name": "beside", "image": "registry.local/web:v2"})
    apply(any_cluster, two)
    left = apply(any_cluster, deployment())["spec"]["template"]["spec"]["containers"]
    assert [container["name"] for container in left] == ["web"]


def test_env_entries_are_merged_by_name_and_newer_servers_keep_the_order_sent(
    any_cluster: Place, newer: Newer
) -> None:
    def with_env(*names: str) -> Manifest:
        return deployment(pod={"container": {"env": [{"name": name, "value": "1"} for name in names]}})

    apply(any_cluster, with_env("A", "C"))
    env = apply(any_cluster, with_env("A", "B", "C"))["spec"]["template"]["spec"]["containers"][0]["env"]
    keeps = newer(any_cluster, 21, "entries of env keep the order in which they are sent")
    in_order = ["A", "B", "C"] if keeps else ["A", "C", "B"]
    assert [entry["name"] for entry in env] == in_order


def test_two_managers_who_agree_share_a_field_and_it_stays_until_both_drop_it(any_cluster: Place) -> None:
    both = {"colour": "blue", "size": "large"}
    apply(any_cluster, config_map(data=both), manager="one")
    apply(any_cluster, config_map(data=both), manager="two")
    assert apply(any_cluster, config_map(data={"colour": "blue"}), manager="one")["data"] == both
    assert apply(any_cluster, config_map(data={"colour": "blue"}), manager="two")["data"] == {
        "colour": "blue"
    }


def test_a_dry_run_answers_what_would_be_and_leaves_nothing(any_cluster: Place) -> None:
    would_be = apply(any_cluster, deployment(), dry_run=True)
    assert would_be["spec"]["replicas"] == 1
    assert would_be["spec"]["template"]["spec"]["dnsPolicy"] == "ClusterFirst"
    assert any_cluster.cluster.read(any_cluster.key("Deployment", "web", "apps")) is None


def test_a_dry_run_over_a_live_object_changes_neither_it_nor_its_version(any_cluster: Place) -> None:
    live = apply(any_cluster, config_map())
    would_be = apply(any_cluster, config_map(data={"colour": "red"}), dry_run=True)
    assert would_be["data"] == {"colour": "red"}
    assert any_cluster.cluster.read(any_cluster.key("ConfigMap", "settings")) == live


def test_a_dry_run_of_a_create_leaves_nothing(any_cluster: Place) -> None:
    any_cluster.cluster.create(any_cluster.placed(config_map()), manager=MANAGER, dry_run=True)
    assert any_cluster.cluster.read(any_cluster.key("ConfigMap", "settings")) is None


def test_the_dry_run_of_what_is_live_is_empty_for_all_objects_of_the_sample(
    any_cluster: Place, newer: Newer
) -> None:
    """Rule 5: nothing would change, and our managed fields are exactly the leaves of what was sent."""
    documents = [any_cluster.placed(document) for document in sample(sample_releases()[-1])]
    assert len(documents) >= 3
    cluster = any_cluster.cluster
    for document in documents:
        cluster.apply(document, manager=MANAGER)
    differences: dict[str, Any] = {}
    whole = newer(any_cluster, 21, "a selector is owned as a whole, and an empty map too")
    for document in documents:
        key = ObjectKey.of(document)
        live = cluster.read(key)
        assert live is not None
        would_be = cluster.apply(document, manager=MANAGER, dry_run=True)
        if found := changes(live, would_be):
            differences[str(key)] = found
        leaves = sent_leaves(document, whole)
        if owned_by(live, MANAGER) != leaves:
            differences[f"{key} managed"] = (
                owned_by(live, MANAGER) - leaves,
                leaves - owned_by(live, MANAGER),
            )
    assert differences == {}


# The lists that are merged by key, and their keys, as far as the sample uses them.
_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
}


# Maps that are owned as a whole.
_ATOMIC = ("spec.selector", "spec.template.spec.nodeSelector")


def sent_leaves(document: Manifest, whole: bool) -> frozenset[str]:
    """An independent reading of which leaves a server-side apply of this document owns."""
    found: set[str] = set()
    service_ports = document["kind"] == "Service"

    def walk(path: str, name: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            # Up to 1.20 each entry of a Service's selector was owned by itself.
            if path in _ATOMIC and (whole or not service_ports):
                found.add(path)
                return
            for inner, below in value.items():
                text = inner if "." not in inner and "[" not in inner else f'"{inner}"'
                walk(f"{path}.{text}" if path else text, inner, below)
        elif isinstance(value, list) and (keys := _list_keys(name, service_ports)) and value:
            for entry in value:
                where = ",".join(f"{key}={entry[key]}" for key in sorted(keys))
                walk(f"{path}[{where}]", "", entry)
        elif value != {} or whole:  # 1.20 owns no `emptyDir: {}`
            found.add(path)

    body = {name: value for name, value in document.items() if name not in ("apiVersion", "kind")}
    body["metadata"] = {
        name: value for name, value in document["metadata"].items() if name not in ("name", "namespace")
    }
    for name, value in body.items():
        if value or name != "metadata":
            walk(name, name, value)
    return frozenset(found)


def _list_keys(name: str, service_ports: bool) -> tuple[str, ...]:
    if name == "ports":
        return ("port", "protocol") if service_ports else ("containerPort", "protocol")
    return _KEYS.get(name, ())


def test_every_answer_keeps_uid_and_moves_the_resource_version_on(any_cluster: Place) -> None:
    first = apply(any_cluster, config_map())
    second = apply(any_cluster, config_map(data={"colour": "red"}))
    assert uid_of(second) == uid_of(first)
    assert int(resource_version_of(second)) > int(resource_version_of(first))
