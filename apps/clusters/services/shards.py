"""Who watches what: a shard is a cluster and a group of kinds, leased by one watcher at a time.

Time is the database's, so that watchers on machines whose clocks differ hand over at the same moment. Two that
watch one shard for a second do no harm: noticing a change twice wakes a rollout twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from apps.clusters.choices import KindGroup
from apps.clusters.models import Cluster, WatchShard
from apps.core import scopes

# A dead watcher's shards are free after LEASE; the others look every LOOK: handed over within 10 s.
LEASE = timedelta(seconds=7)
LOOK = timedelta(seconds=1.5)


@dataclass(frozen=True, slots=True)
class Shard:
    id: UUID
    organization_id: UUID
    cluster_id: UUID
    kinds: KindGroup
    fence: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The table as one look found it."""

    total: int
    mine: frozenset[UUID]
    holders: frozenset[str]  # with a lease that has not run out


def ensure_shards() -> int:
    """A row for each group of each cluster. Answers how many were missing."""
    with scopes.system("which clusters are to be watched"):
        missing = list(
            Cluster.objects.filter(~Exists(WatchShard.objects.filter(cluster_id=OuterRef("id")))).values_list(
                "organization_id", "id"
            )
        )
        WatchShard.objects.bulk_create(
            [
                WatchShard(organization_id=organization_id, cluster_id=cluster_id, kinds=kinds)
                for organization_id, cluster_id in missing
                for kinds in KindGroup
            ],
            ignore_conflicts=True,  # another watcher was quicker
        )
    return len(missing)


def standing(holder: str) -> Standing:
    with scopes.system("who watches what"):
        held = list(WatchShard.objects.filter(leased_until__gt=Now()).values_list("id", "holder"))
        total = WatchShard.objects.count()
    return Standing(
        total=total,
        mine=frozenset(identifier for identifier, name in held if name == holder),
        holders=frozenset(name for _, name in held if name),
    )


def take(holder: str, *, most: int) -> list[Shard]:
    """Up to `most` shards that nobody holds."""
    if most <= 0:
        return []
    with scopes.system("take shards that nobody watches"):
        free = list(
            WatchShard.objects.select_for_update(skip_locked=True)
            .filter(leased_until__lte=Now())
            .order_by("leased_until")
            .values_list("id", flat=True)[:most]
        )
        WatchShard.objects.filter(id__in=free).update(
            holder=holder, leased_until=Now() + LEASE, fence=F("fence") + 1
        )
        return [_shard(row) for row in WatchShard.objects.filter(id__in=free)]


def renew(holder: str, shards: Iterable[Shard]) -> set[UUID]:
    """Answers those still held; the others were taken by somebody after the lease ran out."""
    wanted = {shard.id: shard.fence for shard in shards}
    if not wanted:
        return set()
    with scopes.system("renew what this process watches"):
        rows = WatchShard.objects.select_for_update().filter(id__in=wanted, holder=holder)
        kept = {
            identifier for identifier, fence in rows.values_list("id", "fence") if fence == wanted[identifier]
        }
        WatchShard.objects.filter(id__in=kept).update(leased_until=Now() + LEASE)
    return kept


def give_up(holder: str, shards: Iterable[Shard]) -> None:
    """On the way out, or to share with a watcher that has less: free for others at once."""
    with scopes.system("give shards back"):
        WatchShard.objects.filter(id__in=[shard.id for shard in shards], holder=holder).update(
            holder="", leased_until=Now()
        )


def _shard(row: WatchShard) -> Shard:
    return Shard(row.id, row.organization_id, row.cluster_id, KindGroup(row.kinds), row.fence)
