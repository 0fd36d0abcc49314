"""What a server refuses, how, and what of it is immutable (rules 3, 6, 7, 16)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from slipway.engine.objects import Manifest
from slipway.ports.clusters import NamespaceMissing, Refused
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, config_map, deployment, job, service, workload
from tests.contracts.raw import APPLY, Raw
from tests.newer import Newer


def apply(place: Place, manifest: Manifest, **how: Any) -> Manifest:
    return place.cluster.apply(place.placed(manifest), manager=MANAGER, **how)


def test_an_unknown_field_is_refused_with_a_500_whatever_the_version(any_cluster: Place, raw: Raw) -> None:
    wrong = deployment()
    wrong["spec"]["replicaz"] = 3
    with pytest.raises(Refused) as refused:
        apply(any_cluster, wrong)
    assert refused.value.status == 500
    assert "replicaz" in refused.value.sentence
    assert any_cluster.cluster.read(any_cluster.key("Deployment", "web", "apps")) is None


def test_a_value_of_the_wrong_type_is_refused_with_a_500(any_cluster: Place) -> None:
    wrong = deployment()
    wrong["spec"]["replicas"] = "three"
    with pytest.raises(Refused) as refused:
        apply(any_cluster, wrong)
    assert refused.value.status == 500


def test_a_service_port_without_protocol_is_refused_up_to_1_20_and_taken_after(
    any_cluster: Place, newer: Newer
) -> None:
    bare = service()
    del bare["spec"]["ports"][0]["protocol"]
    if not newer(any_cluster, 21, "a Service's port without protocol is taken by server-side apply"):
        with pytest.raises(Refused) as refused:
            apply(any_cluster, bare)
        assert refused.value.status == 500
    else:
        assert apply(any_cluster, bare)["spec"]["ports"][0]["protocol"] == "TCP"


def test_a_missing_required_field_is_a_422_that_names_it(any_cluster: Place) -> None:
    wrong = deployment()
    del wrong["spec"]["template"]["spec"]["containers"][0]["image"]
    with pytest.raises(Refused) as refused:
        apply(any_cluster, wrong)
    assert refused.value.status == 422
    assert [path for path, _ in refused.value.causes] == ["spec.template.spec.containers[0].image"]


def test_a_selector_that_does_not_match_its_template_is_a_422(any_cluster: Place) -> None:
    wrong = deployment()
    wrong["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    with pytest.raises(Refused) as refused:
        apply(any_cluster, wrong)
    assert refused.value.status == 422
    assert not refused.value.immutable
    assert [path for path, _ in refused.value.causes] == ["spec.template.metadata.labels"]


def test_a_name_that_no_object_may_have_is_a_422(any_cluster: Place) -> None:
    with pytest.raises(Refused) as refused:
        apply(any_cluster, config_map(name="Not_A_Name"))
    assert refused.value.status == 422


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_changed_selector_is_refused_as_immutable(any_cluster: Place, dry_run: bool) -> None:
    apply(any_cluster, deployment())
    other = deployment()
    other["spec"]["selector"] = {"matchLabels": {"app": "web", "tier": "front"}}
    other["spec"]["template"]["metadata"]["labels"] = {"app": "web", "tier": "front"}
    with pytest.raises(Refused) as refused:
        apply(any_cluster, other, dry_run=dry_run)
    assert refused.value.immutable
    assert [path for path, _ in refused.value.causes] == ["spec.selector"]


def test_a_changed_job_template_is_refused_as_immutable(any_cluster: Place) -> None:
    apply(any_cluster, job())
    with pytest.raises(Refused) as refused:
        apply(any_cluster, job(image="registry.local/busybox:2"))
    assert refused.value.immutable
    assert [path for path, _ in refused.value.causes] == ["spec.template"]


def test_a_changed_cluster_address_of_a_service_is_refused_as_immutable(any_cluster: Place) -> None:
    apply(any_cluster, service())
    with pytest.raises(Refused) as refused:
        apply(any_cluster, service(clusterIP="None"), force=True)
    assert refused.value.status == 422
    assert refused.value.immutable or "may not change once set" in refused.value.sentence


def test_a_service_gets_an_address_and_keeps_it(any_cluster: Place) -> None:
    first = apply(any_cluster, service())
    address = first["spec"]["clusterIP"]
    assert address.count(".") == 3
    second = apply(any_cluster, service(sessionAffinity="ClientIP"))
    assert second["spec"]["clusterIP"] == address


def test_a_dry_run_in_a_namespace_that_is_not_there_says_so(any_cluster: Place) -> None:
    elsewhere = copy.deepcopy(config_map())
    elsewhere["metadata"]["namespace"] = f"{any_cluster.namespace}-not-there"
    with pytest.raises(NamespaceMissing) as missing:
        any_cluster.cluster.apply(elsewhere, manager=MANAGER, dry_run=True)
    assert missing.value.sentence == f'namespaces "{any_cluster.namespace}-not-there" not found'


def test_an_apply_without_a_field_manager_is_refused(any_cluster: Place, raw: Raw) -> None:
    answer = raw("PATCH", "configmaps", "settings", body=any_cluster.placed(config_map()), content_type=APPLY)
    assert answer.status in (400, 422)
    assert "fieldManager" in answer.message


def test_what_is_applied_may_not_carry_managed_fields(any_cluster: Place) -> None:
    live = apply(any_cluster, config_map())
    with pytest.raises(Refused) as refused:
        any_cluster.cluster.apply(live, manager=MANAGER)
    assert refused.value.status == 400
    assert "managedFields must be nil" in refused.value.sentence


def test_an_identity_in_the_body_that_is_not_the_path_s_is_refused(any_cluster: Place, raw: Raw) -> None:
    answer = raw(
        "PATCH",
        "configmaps",
        "another",
        body=any_cluster.placed(config_map()),
        query={"fieldManager": MANAGER},
        content_type=APPLY,
    )
    assert answer.status == 400


def test_an_explicit_null_takes_no_default_away(any_cluster: Place) -> None:
    """So Recreate cannot follow a defaulted rolling update in one apply."""
    apply(any_cluster, deployment())
    with pytest.raises(Refused) as refused:
        apply(any_cluster, deployment(strategy={"type": "Recreate", "rollingUpdate": None}))
    assert [path for path, _ in refused.value.causes] == ["spec.strategy.rollingUpdate"]


def test_a_rolling_update_that_was_owned_first_can_be_dropped_for_recreate(any_cluster: Place) -> None:
    """What works on every version: own the defaulted values, then send Recreate without them."""
    owned = deployment(
        strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    )
    apply(any_cluster, owned)
    assert apply(any_cluster, deployment(strategy={"type": "Recreate"}))["spec"]["strategy"] == {
        "type": "Recreate"
    }


def test_recreate_beside_the_defaulted_rolling_update_is_refused(any_cluster: Place) -> None:
    apply(any_cluster, deployment())
    with pytest.raises(Refused) as refused:
        apply(any_cluster, deployment(strategy={"type": "Recreate"}))
    assert refused.value.status == 422
    assert [path for path, _ in refused.value.causes] == ["spec.strategy.rollingUpdate"]


def test_on_delete_follows_a_rolling_update_the_same_way(any_cluster: Place) -> None:
    apply(any_cluster, workload("StatefulSet", serviceName="web"))
    with pytest.raises(Refused) as refused:
        apply(any_cluster, workload("StatefulSet", serviceName="web", updateStrategy={"type": "OnDelete"}))
    assert [path for path, _ in refused.value.causes] == ["spec.updateStrategy.rollingUpdate"]
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    apply(any_cluster, workload("StatefulSet", serviceName="web", updateStrategy=rolling))
    answer = apply(
        any_cluster, workload("StatefulSet", serviceName="web", updateStrategy={"type": "OnDelete"})
    )
    assert answer["spec"]["updateStrategy"] == {"type": "OnDelete"}


def test_a_secret_s_values_never_arrive(any_cluster: Place) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "token"},
        "stringData": {"password": "hunter2"},
    }
    made = apply(any_cluster, secret)
    listed = any_cluster.cluster.list("", "Secret", namespace=any_cluster.namespace)
    assert "hunter2" not in str(made)
    assert "aHVudGVyMg" not in str(made)
    assert "aHVudGVyMg" not in str(listed)
    assert made["data"]["password"].startswith("hmac-sha256:")


def test_a_refusal_about_a_secret_names_path_and_class_and_no_value(any_cluster: Place) -> None:
    wrong = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "token"},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": "hunter2"},
    }
    with pytest.raises(Refused) as refused:
        apply(any_cluster, wrong)
    assert "hunter2" not in refused.value.sentence
    assert refused.value.causes == (("data[.dockerconfigjson]", ""),)
