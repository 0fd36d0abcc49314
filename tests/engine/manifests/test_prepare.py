"""One target's objects: placed, marked, named, ordered; and everything that is wrong said at once."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.manifests import Hook, Layer, PreparedObject, field_manager, prepare
from slipway.engine.objects import Manifest
from tests.engine.manifests.bundles import (
    config,
    deployment,
    job,
    marked,
    named,
    problems,
    ready,
    target,
    thing,
)

DIGEST = "sha256:" + "a" * 64


def test_an_object_without_a_namespace_goes_into_the_targets():
    assert ready(config()).objects[0].manifest["metadata"]["namespace"] == "shop"


def test_a_namespace_of_its_own_wins_where_it_is_allowed():
    item = thing("ConfigMap", metadata={"namespace": "shared"})
    assert ready(item, allowed_namespaces=frozenset({"shared"})).objects[0].key.namespace == "shared"


def test_another_namespace_is_refused_by_name():
    item = thing("ConfigMap", metadata={"namespace": "kube-system"})
    assert problems(item) == [
        "ConfigMap web: namespace kube-system is neither this target's (shop) nor allowed here"
    ]


def test_cluster_wide_kinds_need_the_environments_leave():
    role = thing("ClusterRole", api="rbac.authorization.k8s.io/v1")
    assert problems(role) == [
        "ClusterRole web: ClusterRole.rbac.authorization.k8s.io is cluster-wide and not allowed in this environment"
    ]
    allowed = frozenset({("rbac.authorization.k8s.io", "ClusterRole")})
    assert named(ready(role, allowed_cluster_kinds=allowed), "ClusterRole").key.namespace == ""


def test_the_targets_own_namespace_may_be_in_the_bundle_and_no_other():
    assert named(ready(thing("Namespace", "shop")), "Namespace").never_prune
    assert problems(thing("Namespace", "other")) == [
        "Namespace other: Namespace is cluster-wide and not allowed in this environment"
    ]


def test_a_kind_that_the_cluster_does_not_serve_is_named():
    assert problems(thing("Rocket", api="example.net/v1")) == [
        "Rocket web: the cluster does not serve example.net/v1 Rocket"
    ]


def test_a_kind_whose_definition_is_in_the_bundle_is_known():
    crd = thing(
        "CustomResourceDefinition",
        "rockets.example.net",
        api="apiextensions.k8s.io/v1",
        spec={"group": "example.net", "names": {"kind": "Rocket"}, "scope": "Namespaced"},
    )
    prepared = ready(
        thing("Rocket", api="example.net/v1"),
        crd,
        allowed_cluster_kinds=frozenset({("apiextensions.k8s.io", "CustomResourceDefinition")}),
    )
    assert [item.key.kind for item in prepared.objects] == ["CustomResourceDefinition", "Rocket"]
    assert prepared.objects[1].key.namespace == "shop"


@pytest.mark.parametrize(
    ("document", "missing"),
    [
        ({"kind": "ConfigMap", "metadata": {"name": "a"}}, "apiVersion"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "kind"),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "a-"}}, "metadata.name"),
    ],
)
def test_what_cannot_be_identified_is_refused(document: Manifest, missing: str):
    (problem,) = prepare([document], target()).problems
    assert problem.path == missing
    assert problem.sentence == f"it has no {missing}"


@pytest.mark.parametrize(
    "name", ["..", ".", "a/b", "../../other/configmaps/x", "a%2fb", "a?force=true", "a#b", "a\nb"]
)
def test_a_name_that_leads_elsewhere_is_no_name(name: str):
    (problem,) = prepare([thing("ConfigMap", name)], target()).problems
    assert problem.sentence == "its name is none that an object may have"


def test_two_of_one_identity_are_refused():
    assert problems(config(), config(mode="slow")) == ["ConfigMap conf: it stands in the bundle 2 times"]


def test_everything_that_is_wrong_is_said_at_once():
    assert len(problems(thing("Namespace", "other"), thing("Rocket"), config(), config())) == 3


def test_what_servers_set_is_taken_out():
    item = thing(
        "ConfigMap",
        metadata={
            "uid": "u",
            "resourceVersion": "7",
            "ownerReferences": [{"uid": "x"}],
            "labels": {"a": "b"},
        },
        status={"phase": "x"},
    )
    manifest = ready(item).objects[0].manifest
    assert "status" not in manifest
    assert set(manifest["metadata"]) == {"name", "namespace", "labels", "annotations"}


def test_an_object_names_itself_in_metadata_and_nowhere_else():
    manifest = ready(deployment()).objects[0].manifest
    assert manifest["metadata"]["annotations"]["slipway.dev/owner"] == "inst/t1/Deployment.apps/shop/web"
    assert "metadata" not in manifest["spec"]["template"]


def test_each_target_has_a_field_manager_of_its_own():
    assert field_manager("inst", "t1") == "slipway-inst-t1"
    assert len(field_manager("i" * 100, "t" * 100)) == 128


def test_images_are_overridden_by_repository():
    overrides = {"shop/web": f"mirror.test/web@{DIGEST}"}
    manifest = ready(deployment(image="shop/web:1"), image_overrides=overrides).objects[0].manifest
    assert manifest["spec"]["template"]["spec"]["containers"][0]["image"] == f"mirror.test/web@{DIGEST}"
    other = ready(deployment(image="shop/web-admin:1"), image_overrides=overrides).objects[0].manifest
    assert other["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web-admin:1"


def test_an_image_that_is_not_pinned_is_refused_where_digests_are_wanted():
    assert problems(deployment(image="shop/web:1"), require_digests=True) == [
        "Deployment web: shop/web:1 (Deployment web/web) is not pinned by a digest, and this application wants that"
    ]
    assert problems(deployment(image=f"shop/web:1@{DIGEST}"), require_digests=True) == []
    overridden = {"shop/web": f"shop/web@{DIGEST}"}
    assert problems(deployment(), require_digests=True, image_overrides=overridden) == []


def test_recreate_is_sent_without_a_rolling_update():
    made = ready(deployment(), strategy="recreate").objects[0].manifest
    assert made["spec"]["strategy"] == {"type": "Recreate"}


def test_a_null_that_would_be_owned_and_takes_nothing_away_is_not_sent():
    said = deployment()
    said["spec"]["strategy"] = {"type": "Recreate", "rollingUpdate": None}
    assert ready(said).objects[0].manifest["spec"]["strategy"] == {"type": "Recreate"}
    assert said["spec"]["strategy"] == {"type": "Recreate", "rollingUpdate": None}  # the stored one


def test_order_is_by_layer_then_wave_then_name():
    prepared = ready(
        thing("Ingress", api="networking.k8s.io/v1"),
        job("smoke", hook="post-deploy"),
        deployment("b"),
        marked("Service", "late", wave="5"),
        thing("ServiceAccount"),
        job("migrate", hook="pre-deploy"),
        deployment("a"),
        thing("Namespace", "shop"),
        thing("CronJob", "nightly", api="batch/v1"),
    )
    assert [(item.layer, item.key.kind, item.key.name.partition("-")[0]) for item in prepared.objects] == [
        (Layer.FOUNDATION, "Namespace", "shop"),
        (Layer.CONFIGURATION, "ServiceAccount", "web"),
        (Layer.CONFIGURATION, "Service", "late"),
        (Layer.PRE_DEPLOY, "Job", "migrate"),
        (Layer.WORKLOADS, "Deployment", "a"),
        (Layer.WORKLOADS, "Deployment", "b"),
        (Layer.WORKLOADS, "CronJob", "nightly"),
        (Layer.ROUTES, "Ingress", "web"),
        (Layer.POST_DEPLOY, "Job", "smoke"),
    ]


def test_the_same_bundle_in_any_order_is_the_same():
    documents = [deployment("a"), deployment("b"), config(), thing("Service")]
    assert ready(*documents).objects == ready(*reversed(documents)).objects


@pytest.mark.parametrize("mark", ["argocd.argoproj.io/hook", "helm.sh/hook"])
def test_other_tools_hooks_are_refused_by_name(mark: str):
    item = thing("Job", api="batch/v1", metadata={"annotations": {mark: "PreSync"}}, spec={})
    (problem,) = problems(item)
    assert problem.endswith(f"it carries {mark}; say slipway.dev/hook: pre-deploy or post-deploy instead")


def test_argo_cds_wave_is_honoured_and_our_own_goes_before_it():
    theirs = {"argocd.argoproj.io/sync-wave": "-3"}
    assert ready(thing("Service", metadata={"annotations": theirs})).objects[0].wave == -3
    both = theirs | {"slipway.dev/wave": "2"}
    assert ready(thing("Service", metadata={"annotations": both})).objects[0].wave == 2


def test_a_wave_that_is_no_number_is_refused_and_one_that_yaml_made_a_number_is_not():
    assert problems(marked("Service", wave="soon")) == [
        "Service web: slipway.dev/wave: “soon” is no whole number"
    ]
    assert ready(marked("Service", wave=3)).objects[0].wave == 3


@pytest.mark.parametrize("document", [marked("Service", hook="pre-deploy"), job(hook="sometime")])
def test_a_hook_that_is_none_is_refused(document: Manifest):
    (problem,) = problems(document)
    assert "is not pre-deploy or post-deploy on a Job" in problem


def test_a_job_is_named_by_its_content_and_release_so_that_each_release_runs_it_once():
    first = named(ready(job()), "Job").key.name
    assert first.startswith("migrate-")
    assert named(ready(job()), "Job").key.name == first
    assert named(ready(job(), release_digest="other"), "Job").key.name != first
    assert len(named(ready(job("m" * 63)), "Job").key.name) == 63
    assert named(ready(job(hook="pre-deploy")), "Job").hook is Hook.PRE_DEPLOY


@pytest.mark.parametrize(
    ("document", "never"),
    [
        (thing("PersistentVolumeClaim"), True),
        (marked("ConfigMap", prune="never"), True),
        (marked("ConfigMap", prune="always"), False),
        (deployment(), False),
    ],
)
def test_some_things_are_never_pruned(document: Manifest, never: bool):
    assert ready(document).objects[0].never_prune is never


def test_annotations_that_are_no_mapping_are_refused():
    assert problems(thing("ConfigMap", metadata={"annotations": "x"})) == [
        "ConfigMap web: its annotations are no mapping"
    ]


@pytest.mark.parametrize("data", [{"user": "YW5h"}, {}, None])
def test_string_data_is_sent_as_data_so_that_a_dropped_key_goes(data: dict[str, str] | None):
    item = thing("Secret", data=data, stringData={"password": "hunter2"})
    manifest = ready(item).objects[0].manifest
    assert "stringData" not in manifest
    assert manifest["data"] == (data or {}) | {"password": "aHVudGVyMg=="}


def test_a_prepared_object_survives_being_stored():
    for item in ready(job(hook="pre-deploy"), config(), deployment()).objects:
        assert PreparedObject.from_json(item.to_json()) == item


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "spec",
                    "template",
                    "containers",
                    "image",
                    "ports",
                    "env",
                    "volumes",
                    "names",
                    "data",
                    "name",
                    "kind",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)
wild = st.builds(
    lambda kind, rest, metadata: (
        rest | {"apiVersion": "v1", "kind": kind, "metadata": metadata | {"name": "web"}}
    ),
    st.sampled_from(
        ["ConfigMap", "Secret", "Deployment", "Pod", "Service", "Job", "CronJob", "CustomResourceDefinition"]
    ),
    st.dictionaries(
        st.sampled_from(["spec", "data", "stringData", "status", "type"]), json_values, max_size=3
    ),
    st.dictionaries(st.sampled_from(["annotations", "labels", "ownerReferences"]), json_values, max_size=2),
)


@given(st.lists(wild, max_size=3), st.sampled_from(["rolling", "recreate"]), st.booleans())
def test_nothing_that_a_user_can_write_is_more_than_a_problem(
    documents: list[dict[str, Any]], strategy: str, require_digests: bool
):
    given_ones = copy.deepcopy(documents)
    prepare(documents, target(strategy=strategy, require_digests=require_digests))
    assert documents == given_ones  # the stored documents are never written to
