"""Preconditions on writes, and what is terminating (rules 11 and 17)."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.engine.objects import Manifest, ObjectKey, is_terminating, resource_version_of, uid_of
from slipway.ports.clusters import NamespaceMissing, OwnedByOthers, Precondition, Propagation, Refused, Stale
from tests.clusters import Place
from tests.contracts.manifests import MANAGER, config_map
from tests.contracts.raw import MERGE, Raw
from tests.newer import Newer

NOBODY = "00000000-0000-0000-0000-000000000000"


def apply(place: Place, manifest: Manifest, **how: Any) -> Manifest:
    return place.cluster.apply(place.placed(manifest), manager=how.pop("manager", MANAGER), **how)


def settings(place: Place) -> Manifest | None:
    return place.cluster.read(place.key("ConfigMap", "settings"))


@pytest.mark.parametrize("force", [False, True])
def test_an_apply_with_an_old_resource_version_is_stale_with_force_too(
    any_cluster: Place, force: bool
) -> None:
    first = apply(any_cluster, config_map())
    apply(any_cluster, config_map(data={"colour": "red"}))
    seen = Precondition(uid_of(first), resource_version_of(first))
    with pytest.raises(Stale):
        apply(any_cluster, config_map(data={"colour": "green"}), precondition=seen, force=force)
    assert (settings(any_cluster) or {})["data"] == {"colour": "red"}


def test_an_apply_with_the_present_version_goes_through(any_cluster: Place) -> None:
    first = apply(any_cluster, config_map())
    seen = Precondition(uid_of(first), resource_version_of(first))
    assert apply(any_cluster, config_map(data={"colour": "green"}), precondition=seen)["data"] == {
        "colour": "green"
    }


def test_an_apply_for_another_uid_is_stale(any_cluster: Place) -> None:
    first = apply(any_cluster, config_map())
    with pytest.raises(Stale):
        apply(any_cluster, config_map(data={"colour": "red"}), precondition=Precondition(NOBODY))
    assert settings(any_cluster) == first


def test_an_apply_with_a_uid_never_creates(any_cluster: Place) -> None:
    with pytest.raises(Stale):
        apply(any_cluster, config_map(), precondition=Precondition(NOBODY))
    assert settings(any_cluster) is None


def test_a_resource_version_alone_does_not_keep_an_absent_object_from_being_created(
    any_cluster: Place, raw: Raw, newer: Newer
) -> None:
    """Why the uid travels too."""
    body = any_cluster.placed(config_map(resourceVersion="1"))
    answer = raw(
        "PATCH",
        "configmaps",
        "settings",
        body=body,
        query={"fieldManager": MANAGER},
        content_type="application/apply-patch+yaml",
    )
    if newer(any_cluster, 21, "an absent object that is applied with a resourceVersion is made or a 409"):
        assert answer.status in (201, 409)
    else:
        assert answer.status == 201


def test_creating_what_is_there_is_stale(any_cluster: Place) -> None:
    any_cluster.cluster.create(any_cluster.placed(config_map()), manager=MANAGER)
    with pytest.raises(Stale) as stale:
        any_cluster.cluster.create(any_cluster.placed(config_map()), manager=MANAGER)
    assert stale.value.reason == "AlreadyExists"
    assert not isinstance(stale.value, OwnedByOthers)


def test_creating_with_a_dry_run_what_is_there_is_stale_too(any_cluster: Place) -> None:
    apply(any_cluster, config_map())
    with pytest.raises(Stale):
        any_cluster.cluster.create(any_cluster.placed(config_map()), manager=MANAGER, dry_run=True)


def test_replacing_with_an_old_resource_version_is_a_409(any_cluster: Place, raw: Raw) -> None:
    first = apply(any_cluster, config_map())
    apply(any_cluster, config_map(data={"colour": "red"}))
    answer = raw("PUT", "configmaps", "settings", body=first)
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    assert "the object has been modified" in answer.message


def test_a_merge_patch_without_a_version_is_retried_by_the_server(any_cluster: Place, raw: Raw) -> None:
    apply(any_cluster, config_map())
    answer = raw("PATCH", "configmaps", "settings", body={"data": {"size": "large"}}, content_type=MERGE)
    assert answer.body["data"] == {"colour": "blue", "size": "large"}


def test_a_json_patch_whose_test_fails_changes_nothing(any_cluster: Place) -> None:
    before = apply(any_cluster, config_map())
    operations = [
        {"op": "test", "path": "/data/colour", "value": "red"},
        {"op": "replace", "path": "/data/colour", "value": "green"},
    ]
    with pytest.raises(Refused):
        any_cluster.cluster.patch_json(any_cluster.key("ConfigMap", "settings"), operations, manager=MANAGER)
    assert settings(any_cluster) == before


def test_deleting_another_uid_is_stale_and_the_object_stays(any_cluster: Place) -> None:
    apply(any_cluster, config_map())
    with pytest.raises(Stale):
        any_cluster.cluster.delete(
            any_cluster.key("ConfigMap", "settings"),
            precondition=Precondition(NOBODY),
            propagation=Propagation.BACKGROUND,
        )
    assert settings(any_cluster) is not None


def test_deleting_an_old_version_is_stale(any_cluster: Place) -> None:
    first = apply(any_cluster, config_map())
    apply(any_cluster, config_map(data={"colour": "red"}))
    with pytest.raises(Stale):
        any_cluster.cluster.delete(
            any_cluster.key("ConfigMap", "settings"),
            precondition=Precondition(uid_of(first), resource_version_of(first)),
            propagation=Propagation.BACKGROUND,
        )


def test_deleting_what_is_not_there_says_so(any_cluster: Place) -> None:
    key = any_cluster.key("ConfigMap", "settings")
    assert any_cluster.cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND) is False


def test_a_dry_run_of_a_delete_deletes_nothing(any_cluster: Place) -> None:
    apply(any_cluster, config_map())
    key = any_cluster.key("ConfigMap", "settings")
    assert any_cluster.cluster.delete(
        key, precondition=None, propagation=Propagation.BACKGROUND, dry_run=True
    )
    assert settings(any_cluster) is not None


def test_an_apply_to_an_object_that_is_being_deleted_answers_well_and_then_it_vanishes(
    any_cluster: Place, raw: Raw
) -> None:
    """Rule 11: a finalizer keeps it; the apply is answered with 200 all the same."""
    apply(any_cluster, config_map(finalizers=["slipway.dev/test"]))
    key = any_cluster.key("ConfigMap", "settings")
    assert any_cluster.cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND)
    marked = settings(any_cluster)
    assert marked is not None
    assert is_terminating(marked)
    answered = apply(any_cluster, config_map(data={"colour": "red"}, finalizers=["slipway.dev/test"]))
    assert is_terminating(answered)
    assert answered["data"] == {"colour": "red"}
    raw("PATCH", "configmaps", "settings", body={"metadata": {"finalizers": None}}, content_type=MERGE)
    any_cluster.until(lambda: settings(any_cluster) is None)


def test_an_object_made_again_after_that_has_another_uid(any_cluster: Place) -> None:
    first = apply(any_cluster, config_map())
    key = any_cluster.key("ConfigMap", "settings")
    any_cluster.cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND)
    any_cluster.until(lambda: settings(any_cluster) is None)
    assert uid_of(apply(any_cluster, config_map())) != uid_of(first)


def test_a_namespace_that_is_being_deleted_takes_nothing_new_and_empties(
    any_cluster: Place, raw: Raw
) -> None:
    apply(any_cluster, config_map("held", finalizers=["slipway.dev/test"]))
    apply(any_cluster, config_map())
    cluster = any_cluster.cluster
    home = ObjectKey("", "Namespace", "", any_cluster.namespace)
    assert cluster.delete(home, precondition=None, propagation=Propagation.BACKGROUND)
    found = cluster.read(home)
    assert found is not None
    assert is_terminating(found)
    assert found["status"]["phase"] == "Terminating"
    with pytest.raises(Refused) as refused:
        apply(any_cluster, config_map("new"))
    assert refused.value.status == 403
    assert refused.value.reason == "NamespaceTerminating"
    any_cluster.until(lambda: settings(any_cluster) is None)
    # the finalizer holds one object, and that one holds the namespace
    assert is_terminating(cluster.read(any_cluster.key("ConfigMap", "held")) or {})
    assert cluster.read(home) is not None
    raw("PATCH", "configmaps", "held", body={"metadata": {"finalizers": None}}, content_type=MERGE)
    any_cluster.until(lambda: cluster.read(any_cluster.key("ConfigMap", "held")) is None)


def test_an_emptied_namespace_is_gone_and_what_is_applied_there_says_so(any_cluster: Place) -> None:
    apply(any_cluster, config_map())
    home = ObjectKey("", "Namespace", "", any_cluster.namespace)
    any_cluster.cluster.delete(home, precondition=None, propagation=Propagation.BACKGROUND)
    any_cluster.until(lambda: any_cluster.cluster.read(home) is None, seconds=40)
    with pytest.raises(NamespaceMissing):
        apply(any_cluster, config_map())
