from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from slipway.engine.manifests.prepare import OWNER
from slipway.engine.objects import Manifest, ObjectKey
from slipway.watcher.interests import Interest, marked_target
from slipway.watcher.kinship import Change, Kinship

TARGET = UUID(int=1)
WEB = ObjectKey("apps", "Deployment", "shop", "web")
SETTINGS = ObjectKey("", "ConfigMap", "shop", "settings")


@pytest.fixture
def kinship() -> Kinship:
    interest = Interest(
        keys={WEB: TARGET, SETTINGS: TARGET}, targets=frozenset({TARGET}), namespaces=frozenset({"shop"})
    )
    return Kinship(lambda: interest)


def live(api: str, kind: str, name: str, *, version: str = "1", owner: str = "", **metadata: Any) -> Manifest:
    owners = [{"uid": owner}] if owner else []
    inside = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "resourceVersion": version,
        "ownerReferences": owners,
    }
    return {"apiVersion": api, "kind": kind, "metadata": {**inside, **metadata}}


def see(kinship: Kinship, item: Manifest, *, gone: bool = False) -> list[Change]:
    return kinship.seen(item, ObjectKey.of(item), gone=gone)


def test_a_pod_belongs_to_the_deployment_above_its_replica_set(kinship: Kinship) -> None:
    see(kinship, live("apps/v1", "Deployment", "web", generation=1))
    see(kinship, live("apps/v1", "ReplicaSet", "web-1", owner="uid-web"))
    assert see(kinship, live("v1", "Pod", "web-1-a", owner="uid-web-1")) == [Change(TARGET, WEB)]


def test_a_pod_that_comes_before_its_replica_set_is_tied_as_soon_as_that_is_known(kinship: Kinship) -> None:
    see(kinship, live("apps/v1", "Deployment", "web", generation=1))
    assert see(kinship, live("v1", "Pod", "web-1-a", owner="uid-web-1")) == []
    assert see(kinship, live("apps/v1", "ReplicaSet", "web-1", owner="uid-web")) == [Change(TARGET, WEB)]
    assert kinship.about("uid-web-1-a", ObjectKey("", "Pod", "shop", "web-1-a")) == [Change(TARGET, WEB)]


def test_a_pod_that_goes_after_its_owners_still_belongs_to_them(kinship: Kinship) -> None:
    deployment = live("apps/v1", "Deployment", "web", generation=1)
    replica_set = live("apps/v1", "ReplicaSet", "web-1", owner="uid-web")
    pod = live("v1", "Pod", "web-1-a", owner="uid-web-1")
    for item in (deployment, replica_set, pod):
        see(kinship, item)
    assert see(kinship, deployment, gone=True) == [Change(TARGET, WEB, edited=True)]
    assert see(kinship, replica_set, gone=True) == [Change(TARGET, WEB)]
    assert see(kinship, pod, gone=True) == [Change(TARGET, WEB)]
    assert len(kinship) == 0


def test_strangers_are_neither_told_nor_kept(kinship: Kinship) -> None:
    assert see(kinship, live("apps/v1", "Deployment", "other")) == []
    assert see(kinship, live("v1", "Pod", "elsewhere", owner="x", namespace="kube-system")) == []
    assert len(kinship) == 0


def test_a_status_is_no_edit_and_a_generation_a_label_or_a_new_configuration_is_one(kinship: Kinship) -> None:
    def edited(item: Manifest) -> bool:
        return see(kinship, item)[0].edited

    assert edited(live("apps/v1", "Deployment", "web", generation=1))
    assert not edited(live("apps/v1", "Deployment", "web", version="2", generation=1))
    revision = {"deployment.kubernetes.io/revision": "2"}
    assert not edited(live("apps/v1", "Deployment", "web", version="3", generation=1, annotations=revision))
    assert edited(live("apps/v1", "Deployment", "web", version="4", generation=2))
    assert edited(live("apps/v1", "Deployment", "web", version="5", generation=2, labels={"a": "b"}))
    assert edited(live("v1", "ConfigMap", "settings"))
    assert edited(live("v1", "ConfigMap", "settings", version="2"))


def test_listing_again_tells_only_what_differs(kinship: Kinship) -> None:
    web, settings_map = (
        live("apps/v1", "Deployment", "web", generation=1),
        live("v1", "ConfigMap", "settings"),
    )

    def listed(*items: Manifest) -> set[tuple[ObjectKey, bool]]:
        changes = kinship.listed([(item, ObjectKey.of(item)) for item in items], inside=lambda key: True)
        return {(change.key, change.edited) for change in changes}

    assert listed(web, settings_map) == {(WEB, True), (SETTINGS, True)}
    assert listed(web, settings_map) == set()
    assert listed(live("apps/v1", "Deployment", "web", version="2", generation=1), settings_map) == {
        (WEB, False)
    }
    assert listed(settings_map) == {(WEB, True)}
    assert listed(settings_map) == set()


def test_a_mark_counts_for_the_object_that_it_names_and_for_this_installation_alone() -> None:
    mine = f"{settings.INSTALLATION_ID}/{TARGET}/{WEB}"
    assert marked_target(mine, WEB) == TARGET
    assert marked_target(mine, SETTINGS) is None
    assert marked_target(f"another/{TARGET}/{WEB}", WEB) is None
    assert marked_target(f"{settings.INSTALLATION_ID}/nonsense/{WEB}", WEB) is None
    assert marked_target("", WEB) is None
    item = live("apps/v1", "Deployment", "web", annotations={OWNER: mine})
    fresh = Interest(targets=frozenset({TARGET}), namespaces=frozenset({"shop"}))
    assert fresh.target_of(item, WEB) == TARGET
    assert Interest(namespaces=frozenset({"shop"})).target_of(item, WEB) is None  # somebody else's target
