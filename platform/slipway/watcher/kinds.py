"""Which kinds a shard follows."""

from __future__ import annotations

from collections.abc import Iterable

from apps.clusters.choices import KindGroup
from slipway.engine.objects import ObjectKey

GroupKind = tuple[str, str]

EVENT: GroupKind = ("", "Event")
POD: GroupKind = ("", "Pod")

# Always followed where a target stands. The first four make pods' ancestry, so they come first where streams are few.
WORKLOADS: tuple[GroupKind, ...] = (
    ("apps", "Deployment"),
    POD,
    ("apps", "ReplicaSet"),
    ("batch", "Job"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("batch", "CronJob"),
    EVENT,
)
_CLUSTER_SCOPED_ALWAYS = frozenset({("", "Namespace")})


def kinds_of(group: KindGroup, keys: Iterable[ObjectKey]) -> list[GroupKind]:
    """In a stable order. A kind of a target's objects is followed even where only one object has it."""
    if group is KindGroup.WORKLOADS:
        return list(WORKLOADS)
    held = {(key.group, key.kind) for key in keys} | _CLUSTER_SCOPED_ALWAYS
    return sorted(held.difference(WORKLOADS))
