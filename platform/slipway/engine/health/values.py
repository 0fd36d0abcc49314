from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from slipway.engine.health.warnings import ClusterWarning
from slipway.engine.objects import ObjectKey
from slipway.engine.state import HealthFacts


class Health(IntEnum):
    """Ordered by badness: the worst of many is one `max`, so it is commutative and associative."""

    HEALTHY = 0
    SUSPENDED = 1  # somebody paused it on purpose
    PROGRESSING = 2
    UNKNOWN = 3
    MISSING = 4
    DEGRADED = 5

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class ObjectHealth:
    """`sentence` never holds a ticking number: it is stored by difference."""

    key: ObjectKey
    health: Health
    sentence: str
    cannot_heal: bool = False
    ready: int | None = None
    wanted: int | None = None


@dataclass(frozen=True, slots=True)
class PodHealth:
    namespace: str
    name: str
    uid: str
    owner: ObjectKey | None  # the workload at the top of its ownerReferences
    replica_set: str
    is_new: bool
    health: Health
    sentence: str
    restarts: int
    node: str
    terminating: bool = False
    version: str = ""  # of the pod as it was looked at


@dataclass(frozen=True, slots=True)
class Assessment:
    objects: tuple[ObjectHealth, ...]
    pods: tuple[PodHealth, ...]
    warnings: tuple[ClusterWarning, ...] = ()  # as far as events were asked for

    @property
    def worst(self) -> Health:
        return max((item.health for item in self.objects), default=Health.HEALTHY)

    def facts(self, keys: Collection[ObjectKey]) -> HealthFacts:
        """For the objects written so far."""
        relevant = [item for item in self.objects if item.key in keys]
        bad = [item for item in relevant if item.health > Health.SUSPENDED]
        counted = [item for item in relevant if item.wanted is not None] or relevant
        good = sum(1 for item in counted if item.health <= Health.SUSPENDED)
        noun = "workloads" if counted is not relevant else "objects"
        sentence = f"{good} of {len(counted)} {noun} healthy" if counted else "nothing to wait for"
        if bad:
            first = max(bad, key=lambda item: (item.cannot_heal, item.health))
            sentence = f"{sentence}; {first.key.label}: {first.sentence}"
        hopeless = next((item for item in relevant if item.cannot_heal), None)
        degraded = next((item for item in relevant if item.health >= Health.MISSING), None)
        return HealthFacts(
            all_healthy=not bad,
            sentence=sentence,
            cannot_heal=f"{hopeless.key.label}: {hopeless.sentence}" if hopeless else "",
            degraded=f"{degraded.key.label}: {degraded.sentence}" if degraded else "",
        )
