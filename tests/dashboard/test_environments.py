"""Environments: where they stand, in which order, and their pages."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core import scopes
from apps.core.problems import Conflict, Forbidden, Invalid, Outdated
from tests.people import (
    People,
    actor,
    make_application,
    make_cluster,
    make_environments,
    make_release,
)

MANIFESTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: b}
"""


@pytest.fixture
def ana(people: People) -> Any:
    return actor(people.ana, people.acme)


def order() -> list[tuple[str, int]]:
    from apps.environments.models import Environment

    return list(Environment.objects.order_by("position").values_list("slug", "position"))


def audited(action: str) -> list[Any]:
    import json

    from apps.audit.models import AuditEntry

    rows = AuditEntry.objects.filter(action=action).order_by("number")
    found = [json.loads(bytes(row.canonical)) for row in rows]
    return [(entry["before"], entry["after"]) for entry in found]


def test_moving_one_closes_the_order_up_and_is_audited_once(people: People, ana: Any) -> None:
    from apps.environments.services import move_environment

    environments = make_environments(ana, [make_cluster(ana)])
    with scopes.organization(people.acme.id):
        move_environment(ana, environments["production"], position=1)
        assert order() == [("production", 1), ("dev", 2), ("staging", 3)]
        move_environment(ana, environments["production"], position=1)  # where it is already
        assert audited("environment.move") == [
            (["dev", "staging", "production"], ["production", "dev", "staging"])
        ]
        with pytest.raises(Invalid, match="A place is 1 to 3"):
            move_environment(ana, environments["dev"], position=4)
        with pytest.raises(Forbidden):
            move_environment(actor(people.bo, people.acme), environments["dev"], position=1)
        assert order() == [("production", 1), ("dev", 2), ("staging", 3)]


def test_a_cluster_more_makes_a_target_for_every_application_and_starts_nothing(
    people: People, ana: Any
) -> None:
    from apps.environments.models import Target
    from apps.environments.services import add_cluster_to_environment
    from apps.rollouts.models import Rollout

    first, second = make_cluster(ana, slug="one"), make_cluster(ana, slug="two")
    dev = make_environments(ana, [first])["dev"]
    for slug in ("shop", "search"):
        make_release(ana, make_application(ana, slug=slug), "1.0", MANIFESTS)
    with scopes.organization(people.acme.id):
        changed = add_cluster_to_environment(ana, dev, second, seen=1)
        assert changed.revision == 2
        rows = Target.objects.filter(cluster_id=second.id).values_list("application__slug", "namespace")
        assert sorted(rows) == [("search", "search-dev"), ("shop", "shop-dev")]
        assert Rollout.objects.count() == 0
        assert audited("environment.add-cluster") == [({"clusters": ["one"]}, {"clusters": ["one", "two"]})]
        with pytest.raises(Conflict, match="dev stands on two already"):
            add_cluster_to_environment(ana, dev, second)
        with pytest.raises(Outdated, match="you have revision 1, it is at 2"):
            add_cluster_to_environment(ana, dev, first, seen=1)


def test_a_cluster_goes_only_when_nothing_is_live_or_under_way_there(people: People, ana: Any) -> None:
    from django.utils import timezone

    from apps.environments.access import targets_of
    from apps.environments.models import Target
    from apps.environments.services import add_cluster_to_environment, remove_cluster_from_environment
    from apps.rollouts.models import Rollout
    from apps.rollouts.services.starting import start_rollout

    first, second = make_cluster(ana, slug="one"), make_cluster(ana, slug="two")
    dev = make_environments(ana, [first])["dev"]
    shop = make_application(ana, slug="shop")
    release = make_release(ana, shop, "1.0", MANIFESTS)
    with scopes.organization(people.acme.id):
        with pytest.raises(Conflict, match="one is the only cluster of dev; add another first"):
            remove_cluster_from_environment(ana, dev, first)
        add_cluster_to_environment(ana, dev, second)
        target = Target.objects.select_related("application", "environment", "cluster").get(
            cluster_id=second.id
        )
        rollout = start_rollout(ana, target, release).rollout
        with pytest.raises(Conflict, match=f"rollout {rollout.number} of shop is under way in dev on two"):
            remove_cluster_from_environment(ana, dev, second)
        now = timezone.now()
        Rollout.objects.filter(id=rollout.id).update(phase="aborted", ended_at=now)
        Target.objects.filter(id=target.id).update(
            live_release_id=release.id, live_since=now, live_version="1.0"
        )
        with pytest.raises(Conflict, match="shop is live in dev on two; nothing was removed"):
            remove_cluster_from_environment(ana, dev, second)
        assert targets_of(ana).filter(environment_id=dev.id).count() == 2
        Target.objects.filter(id=target.id).update(live_release_id=None, live_since=None, live_version=None)
        remove_cluster_from_environment(ana, dev, second)
        assert [row.cluster.slug for row in targets_of(ana).filter(environment_id=dev.id)] == ["one"]
        with pytest.raises(Conflict, match="dev no longer stands on two"):
            start_rollout(ana, target, release)
        assert Rollout.objects.get(id=rollout.id).target_id == target.id  # the history stays
        add_cluster_to_environment(ana, dev, second)
        assert Target.objects.get(cluster_id=second.id, removed_at__isnull=True).id == target.id


def test_the_same_by_the_api(people: People, ana: Any, client: Any) -> None:
    make_environments(ana, [make_cluster(ana, slug="one")])
    make_cluster(ana, slug="two")
    client.force_login(people.ana)
    path = "/api/v1/organizations/acme/environments/"
    moved = client.post(f"{path}staging/move/", {"position": 1}, content_type="application/json")
    assert (moved.status_code, moved.json()["position"]) == (200, 1)
    assert [row["slug"] for row in client.get(path).json()["items"]] == ["staging", "dev", "production"]
    added = client.post(f"{path}dev/clusters/", {"cluster": "two"}, content_type="application/json")
    assert (added.status_code, added.json()["clusters"]) == (201, ["one", "two"])
    stale = client.delete(f"{path}dev/clusters/two/", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    gone = client.delete(f"{path}dev/clusters/two/")
    assert (gone.status_code, gone.json()["clusters"]) == (200, ["one"])
    last = client.delete(f"{path}dev/clusters/one/")
    assert (last.status_code, last.json()["detail"]) == (
        409,
        "one is the only cluster of dev; add another first.",
    )
