from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from tests.watcher.conftest import Shop, Wakes, WatcherProcess, deployment, until

# Who watches is PostgreSQL's business; one kind of cluster is enough.
on_the_sandbox = pytest.mark.parametrize("any_cluster", ["sandbox"], indirect=True)


def holders() -> dict[str, str]:
    from apps.clusters.models import WatchShard
    from apps.core import scopes

    with scopes.system("the test looks"):
        return dict(WatchShard.objects.values_list("kinds", "holder"))


@on_the_sandbox
def test_another_watcher_takes_the_shards_of_a_killed_one_within_ten_seconds(
    shop: Shop, watchers: Callable[[], WatcherProcess], wakes: Wakes
) -> None:
    first = watchers()
    first.until("shard_taken", times=2)
    second = watchers()
    second.until("shard_taken", times=1)  # they share: one each
    until(lambda: len(set(holders().values())) == 2 and "" not in holders().values(), seconds=5)

    first.end(signal.SIGKILL)
    killed = time.monotonic()
    second.until("shard_taken", times=2, seconds=12)
    assert time.monotonic() - killed < 10.0
    assert len(set(holders().values())) == 1

    until(lambda: shop.row().reachability == "reachable", seconds=10)
    wakes.clear()
    shop.place.cluster.apply(shop.mark(deployment("web")), manager="tests")
    assert wakes.next(seconds=5) is not None


@on_the_sandbox
def test_a_watcher_that_is_asked_to_end_gives_its_shards_back_at_once(
    shop: Shop, watchers: Callable[[], WatcherProcess]
) -> None:
    watcher = watchers()
    watcher.until("shard_taken", times=2)
    until(lambda: shop.row().reachability == "reachable", seconds=10)
    started = time.monotonic()
    assert watcher.end() == 0
    assert time.monotonic() - started < 2.0
    assert holders() == {"workloads": "", "others": ""}


@on_the_sandbox
def test_a_target_that_appears_is_followed_within_five_seconds(
    shop: Shop, watchers: Callable[[], WatcherProcess], wakes: Wakes
) -> None:
    from apps.core import scopes
    from apps.environments.models import Target

    with scopes.organization(shop.organization_id):
        Target.objects.filter(id=shop.target.id).update(removed_at="2020-01-01T00:00:00Z")
    watchers().until("shard_taken", times=2)
    time.sleep(2)
    wakes.clear()
    shop.place.cluster.apply(shop.mark(deployment("web")), manager="tests")
    assert wakes.next(seconds=1) is None
    with scopes.organization(shop.organization_id):
        Target.objects.filter(id=shop.target.id).update(removed_at=None)
    assert wakes.next(seconds=5) is not None  # what it found there, at the first listing


@pytest.mark.django_db
def test_a_lease_is_held_by_one_until_it_runs_out(people: object) -> None:
    from apps.clusters.models import WatchShard
    from apps.clusters.services import shards
    from apps.core import scopes
    from tests.people import actor, make_cluster

    make_cluster(actor(people.ana, people.acme))  # type: ignore[attr-defined]  # the fixture's own type
    assert shards.ensure_shards() == 1
    assert shards.ensure_shards() == 0
    mine = shards.take("one", most=9)
    assert {(str(shard.kinds), shard.fence) for shard in mine} == {("others", 1), ("workloads", 1)}
    assert shards.take("two", most=9) == []
    assert shards.renew("one", mine) == {shard.id for shard in mine}
    with scopes.system("time passes"):
        WatchShard.objects.update(leased_until="2020-01-01T00:00:00Z")
    assert shards.renew("one", mine) == {shard.id for shard in mine}  # late, but nobody else was quicker
    with scopes.system("time passes"):
        WatchShard.objects.update(leased_until="2020-01-01T00:00:00Z")
    taken = shards.take("two", most=1)
    assert [shard.fence for shard in taken] == [2]
    assert shards.renew("one", mine) == {shard.id for shard in mine} - {shard.id for shard in taken}
    assert shards.standing("two").holders == {"one", "two"}
    shards.give_up("one", mine)
    assert shards.standing("two").holders == {"two"}
