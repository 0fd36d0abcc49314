"""Who owns which field (rules 4, 8, 12, 13, 14)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.engine.diff.fields import changes
from slipway.engine.diff.owners import CONTROLLERS, owned_by, owners, strangers
from slipway.engine.objects import Manifest
from slipway.ports.clusters import OwnedByOthers
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, OTHER, config_map, deployment
from tests.contracts.raw import MERGE, STRATEGIC, Raw
from tests.newer import Newer


def apply(place: Place, manifest: Manifest, manager: str = MANAGER, **how: Any) -> Manifest:
    return place.cluster.apply(place.placed(manifest), manager=manager, **how)


def live(place: Place, name: str = "web") -> Manifest:
    found = place.cluster.read(place.key("Deployment", name, "apps"))
    assert found is not None
    return found


def test_another_manager_s_field_is_a_conflict_that_names_manager_and_field(any_cluster: Place) -> None:
    apply(any_cluster, config_map(data={"colour": "blue"}))
    with pytest.raises(OwnedByOthers) as conflict:
        apply(any_cluster, config_map(data={"colour": "red"}), OTHER)
    assert conflict.value.owners == ((MANAGER, "data.colour"),)


def test_a_conflict_inside_a_keyed_list_names_the_entry(any_cluster: Place) -> None:
    apply(any_cluster, deployment())
    with pytest.raises(OwnedByOthers) as conflict:
        apply(any_cluster, deployment(image="registry.local/web:v2"), OTHER)
    assert conflict.value.owners == ((MANAGER, 'spec.template.spec.containers[name="web"].image'),)


def test_a_dry_run_conflicts_too(any_cluster: Place) -> None:
    apply(any_cluster, config_map(data={"colour": "blue"}))
    with pytest.raises(OwnedByOthers):
        apply(any_cluster, config_map(data={"colour": "red"}), OTHER, dry_run=True)


def test_force_takes_the_field_over_and_the_other_one_loses_it(any_cluster: Place) -> None:
    apply(any_cluster, config_map(data={"colour": "blue", "size": "large"}))
    taken = apply(any_cluster, config_map(data={"colour": "red"}), OTHER, force=True)
    assert taken["data"] == {"colour": "red", "size": "large"}
    assert owned_by(taken, MANAGER) == {"data.size"}
    assert owned_by(taken, OTHER) == {"data.colour"}


def test_with_one_manager_for_two_targets_the_second_takes_the_first_one_s_fields_away(
    any_cluster: Place,
) -> None:
    apply(any_cluster, config_map(data={"colour": "blue"}))
    assert apply(any_cluster, config_map(data={"size": "large"}))["data"] == {"size": "large"}


def test_what_kubectl_applied_before_stays_when_our_release_drops_it(any_cluster: Place) -> None:
    """Rule 12: until the entry is rewritten, `kubectl-client-side-apply` goes on owning it."""
    before = config_map(data={"colour": "blue", "size": "large"})
    any_cluster.kubectl("apply", "-f", "-", given=json.dumps(any_cluster.placed(before)))
    apply(any_cluster, before)
    left = apply(any_cluster, config_map(data={"colour": "blue"}))
    assert left["data"] == {"colour": "blue", "size": "large"}
    entry = next(entry for entry in owners(left) if entry.manager == "kubectl-client-side-apply")
    assert entry.operation == "Update"
    assert "data.size" in entry.paths


def test_adopting_rewrites_the_entry_to_our_manager_without_a_change_of_spec(any_cluster: Place) -> None:
    any_cluster.kubectl(
        "apply",
        "-f",
        "-",
        given=json.dumps(any_cluster.placed(config_map(data={"colour": "blue", "size": "large"}))),
    )
    key = any_cluster.key("ConfigMap", "settings")
    found = any_cluster.cluster.read(key)
    assert found is not None
    fields = found["metadata"]["managedFields"]
    at = next(place for place, entry in enumerate(fields) if entry["manager"] == "kubectl-client-side-apply")
    operations = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": found["metadata"]["resourceVersion"]},
        {"op": "replace", "path": f"/metadata/managedFields/{at}/manager", "value": MANAGER},
        {"op": "replace", "path": f"/metadata/managedFields/{at}/operation", "value": "Apply"},
    ]
    adopted = any_cluster.cluster.patch_json(key, operations, manager=MANAGER)
    assert adopted["data"] == {"colour": "blue", "size": "large"}
    assert apply(any_cluster, config_map(data={"colour": "blue"}))["data"] == {"colour": "blue"}


def test_an_env_entry_set_by_hand_is_drift_that_the_dry_run_cannot_see(any_cluster: Place) -> None:
    """Rule 4: live equals the dry run, and only the managed fields tell."""
    apply(any_cluster, deployment())
    any_cluster.kubectl("set", "env", "deployment/web", "EVIL=1")
    found = live(any_cluster)
    assert changes(found, apply(any_cluster, deployment(), dry_run=True)) == ()
    stranger = strangers(found, allowed=frozenset({MANAGER}), known_controllers=CONTROLLERS)
    assert stranger["spec.template.spec.containers[name=web].env[name=EVIL].value"] == "kubectl-set"


def test_an_image_set_by_hand_blocks_a_plain_apply_and_is_forced_back(any_cluster: Place) -> None:
    """Rule 13: rollback and self-heal force what the release owns."""
    apply(any_cluster, deployment())
    any_cluster.kubectl("set", "image", "deployment/web", "web=registry.local/web:v3")
    with pytest.raises(OwnedByOthers) as conflict:
        apply(any_cluster, deployment())
    assert conflict.value.owners == (("kubectl-set", 'spec.template.spec.containers[name="web"].image'),)
    forced = apply(any_cluster, deployment(), force=True)
    assert forced["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.local/web:v1"


def test_controllers_own_status_and_the_revision_and_nothing_of_the_spec(any_cluster: Place) -> None:
    apply(any_cluster, deployment())
    found = any_cluster.until(
        lambda: (
            current
            if "deployment.kubernetes.io/revision"
            in (current := live(any_cluster))["metadata"].get("annotations", {})
            and any(entry.manager == "kube-controller-manager" for entry in owners(current))
            else None
        )
    )
    written = {
        path for entry in owners(found) if entry.manager == "kube-controller-manager" for path in entry.paths
    }
    assert 'metadata.annotations."deployment.kubernetes.io/revision"' in written
    assert {path for path in written if path.startswith("spec")} == set()


def scale(raw: Raw, replicas: int) -> None:
    body = {"spec": {"replicas": replicas}}
    query = {"fieldManager": "an-autoscaler"}
    assert raw("PATCH", "deployments", "web/scale", body=body, query=query, content_type=MERGE).status == 200


def test_dropping_replicas_after_having_owned_them_resets_to_one(any_cluster: Place, raw: Raw) -> None:
    """Rule 14, the outage: nobody else owns the field, so the default comes back."""
    apply(any_cluster, deployment(replicas=3))
    assert apply(any_cluster, deployment(replicas=None))["spec"]["replicas"] == 1


def test_sending_replicas_over_an_autoscaler_is_told_by_the_newer_servers_only(
    any_cluster: Place, raw: Raw, newer: Newer
) -> None:
    apply(any_cluster, deployment(replicas=3))
    scale(raw, 5)
    if not newer(
        any_cluster, 21, "a write through /scale is owned, so that sending replicas over it is a conflict"
    ):
        assert apply(any_cluster, deployment(replicas=3))["spec"]["replicas"] == 3
    else:
        with pytest.raises(OwnedByOthers) as conflict:
            apply(any_cluster, deployment(replicas=3))
        assert conflict.value.owners == (("an-autoscaler", "spec.replicas"),)
        assert 'with subresource "scale"' in conflict.value.sentence


def test_replicas_stay_when_another_manager_co_owns_the_live_value_first(
    any_cluster: Place, raw: Raw
) -> None:
    apply(any_cluster, deployment(replicas=3))
    holder: Manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 3},
    }
    apply(any_cluster, holder, OTHER)
    assert apply(any_cluster, deployment(replicas=None))["spec"]["replicas"] == 3


def test_a_scale_through_the_subresource_reaches_the_object(any_cluster: Place, raw: Raw) -> None:
    apply(any_cluster, deployment(replicas=2))
    scale(raw, 3)
    assert live(any_cluster)["spec"]["replicas"] == 3
    answer = raw("GET", "deployments", "web/scale")
    assert answer.body["kind"] == "Scale"
    assert answer.body["spec"] == {"replicas": 3}
    assert answer.body["status"]["selector"] == "app=web"


def test_a_strategic_merge_patch_merges_containers_by_name(any_cluster: Place, raw: Raw) -> None:
    apply(any_cluster, deployment())
    body = {
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "registry.local/web:v2"}]}}}
    }
    answer = raw("PATCH", "deployments", "web", body=body, content_type=STRATEGIC)
    assert answer.status == 200
    container = answer.body["spec"]["template"]["spec"]["containers"]
    assert [(one["name"], one["image"]) for one in container] == [("web", "registry.local/web:v2")]
    assert container[0]["terminationMessagePolicy"] == "File"
