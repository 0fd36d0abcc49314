"""From what stands live and what a dry run says to a verb, the fields it changes, and from whom."""

from __future__ import annotations

import pytest

from slipway.engine.diff import FieldChange
from slipway.engine.manifests import Layer, PreparedObject
from slipway.engine.objects import Manifest, ObjectKey
from slipway.engine.plans import DryRun, DryRunKind, Verb, prunes
from tests.engine.plans.planning import KEY, answered, deployment, live, managed, planned, prepared

IMAGE = "spec.template.spec.containers[name=web].image"


def test_an_absent_object_is_created_and_shown_as_it_is_sent():
    found = planned(None, answered(live(status={"replicas": 0})))
    assert found.verb is Verb.CREATE
    assert [(change.path, change.before) for change in found.changes] == [("", None)]
    assert found.changes[0].after == deployment()
    assert (found.uid, found.resource_version) == ("", "")


def test_a_change_is_told_field_by_field():
    found = planned(live(), answered(live(image="web:2", generation=9)))
    assert found.verb is Verb.CHANGE
    assert found.changes == (FieldChange(IMAGE, "web:1", "web:2"),)
    assert (found.uid, found.resource_version) == ("u1", "41")


def test_what_only_servers_write_is_no_change():
    answer = live(resourceVersion="99", generation=3, managedFields=[managed("x", "spec")])
    answer["status"] = {"replicas": 3}
    assert planned(live(), answered(answer)).verb is Verb.UNCHANGED


def test_an_applications_ignore_rules_hide_a_change():
    assert planned(live(), answered(live(image="web:2")), ignore=(IMAGE,)).verb is Verb.UNCHANGED
    assert planned(live(), answered(live(image="web:2")), ignore=("spec.template.*",)).verb is Verb.UNCHANGED
    assert planned(live(), answered(live(image="web:2")), ignore=("spec.replicas",)).verb is Verb.CHANGE


def test_fields_of_others_are_taken_over_by_name_even_where_the_value_stays():
    run = DryRun(DryRunKind.CONFLICT, live(), (("kubectl-set", ".spec.replicas"), ("helm", ".spec.paused")))
    found = planned(live(), run)
    assert found.verb is Verb.CHANGE
    assert found.taken_over == ((".spec.paused", "helm"), (".spec.replicas", "kubectl-set"))


def test_a_refusal_is_the_servers_words():
    found = planned(live(), DryRun(DryRunKind.REFUSED, sentence="admission webhook said no"))
    assert (found.verb, found.refusal) == (Verb.REFUSE, "admission webhook said no")


def test_immutable_fields_are_replaced_and_say_why():
    found = planned(live(), DryRun(DryRunKind.IMMUTABLE, sentence="spec.selector: field is immutable"))
    assert (found.verb, found.uid) == (Verb.REPLACE, "u1")
    assert found.notes == ("spec.selector: field is immutable",)


def test_what_a_server_defaulted_is_no_part_of_a_replacement():
    standing = live()
    standing["spec"]["progressDeadlineSeconds"] = 600
    run = DryRun(DryRunKind.IMMUTABLE, sentence="immutable")
    found = planned(standing, run, item=prepared(deployment(image="web:2")))
    assert [change.path for change in found.changes] == [IMAGE]


def test_what_holds_data_is_never_replaced():
    run = DryRun(DryRunKind.IMMUTABLE, sentence="spec is immutable after creation")
    found = planned(live(), run, item=prepared(never_prune=True))
    assert found.verb is Verb.REFUSE
    assert found.refusal == (
        "spec is immutable after creation; making it anew would lose what it holds, so that is a person's to do"
    )


def test_what_the_server_could_not_check_says_so():
    found = planned(None, DryRun(DryRunKind.UNCHECKED))
    assert (found.verb, found.checked) == (Verb.CREATE, False)
    assert found.notes == ("not checked by the server yet",)


def test_an_object_that_is_being_deleted_is_made_anew():
    standing = live(deletionTimestamp="2026-05-04T12:00:00Z")
    found = planned(standing, DryRun(DryRunKind.UNCHECKED))
    assert (found.verb, found.uid) == (Verb.CREATE, "")
    assert found.notes[0] == "it is being deleted; it is made anew once that is done"


OTHERS = {
    "of another target": (
        live(annotations={"slipway.dev/owner": f"inst/t9/{KEY}"}),
        "it belongs to another target (inst/t9)",
    ),
    "made by hand": (
        live(annotations={}, managedFields=[managed("kubectl-create", "spec.replicas", operation="Update")]),
        "it exists already, made by kubectl-create and not by Slipway; adopt it or remove it first",
    ),
    "made by Helm": (
        live(
            annotations={"meta.helm.sh/release-name": "shop"},
            managedFields=[managed("helm", "spec.replicas", operation="Update")],
        ),
        (
            "it exists already, made by helm and not by Slipway; Helm thinks it owns it, and helm uninstall would "
            "delete it; adopt it or remove it first"
        ),
    ),
    "made by nobody who signed": (
        live(annotations={}),
        "it exists already, made and not by Slipway; adopt it or remove it first",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_an_object_that_is_not_ours_is_refused(case: str):
    standing, refusal = OTHERS[case]
    found = planned(standing, answered(standing))
    assert (found.verb, found.refusal) == (Verb.REFUSE, refusal)


def test_our_object_whose_mark_was_taken_away_is_known_by_its_fields():
    standing = live(annotations={}, managedFields=[managed("slipway-inst-t1", "spec.replicas")])
    assert planned(standing, answered(live())).verb is Verb.CHANGE


def standing(key: ObjectKey, owner: str = "", **metadata: object) -> Manifest:
    mark = {"slipway.dev/owner": owner or f"inst/t1/{key}"}
    return {
        "apiVersion": "v1",
        "kind": key.kind,
        "metadata": {"name": key.name, "uid": f"u-{key.name}", "resourceVersion": "7", "annotations": mark}
        | metadata,
    }


OLD = ObjectKey("", "Service", "shop", "old")
CLAIM = ObjectKey("", "PersistentVolumeClaim", "shop", "data")


def pruned(*lives: Manifest | None, inventory: dict[ObjectKey, bool] | None = None):
    inventory = {OLD: False} if inventory is None else inventory
    return prunes(inventory, [prepared()], dict(zip(inventory, lives, strict=True)), owner_prefix="inst/t1")


def test_what_the_release_dropped_is_pruned():
    (found,) = pruned(standing(OLD))
    assert (found.key, found.verb, found.uid, found.resource_version) == (OLD, Verb.PRUNE, "u-old", "7")


def test_what_the_release_still_holds_is_not():
    item = PreparedObject(OLD, standing(OLD), Layer.CONFIGURATION)
    assert prunes({OLD: False}, [item], {OLD: standing(OLD)}, owner_prefix="inst/t1") == ()


@pytest.mark.parametrize(
    "gone",
    [
        None,
        standing(OLD, deletionTimestamp="2026-05-04T12:00:00Z"),
        standing(OLD, owner=f"inst/t9/{OLD}"),
        standing(OLD, owner="inst/t1/Service/shop/renamed"),
        standing(OLD, annotations={}),
        standing(OLD, ownerReferences=[{"uid": "x", "controller": True}]),
    ],
    ids=["absent", "going", "of another target", "of another name", "unmarked", "of a controller"],
)
def test_only_what_still_names_itself_ours_is_pruned(gone: Manifest | None):
    assert pruned(gone) == ()


def test_what_holds_data_is_kept_and_said_to_be():
    (found,) = pruned(standing(CLAIM), inventory={CLAIM: True})
    assert found.verb is Verb.KEEP
    assert not found.verb.writes
    assert found.notes == ("never deleted without its name typed; it stays",)


def test_a_mark_set_on_the_live_object_keeps_it_too():
    marks = {"slipway.dev/owner": f"inst/t1/{OLD}", "slipway.dev/prune": "never"}
    (found,) = pruned(standing(OLD, annotations=marks))
    assert found.verb is Verb.KEEP
