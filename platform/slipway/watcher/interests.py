"""What is to be followed on a cluster, read from the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Func, JSONField, Value

from apps.clusters.models import Cluster
from apps.core import scopes
from apps.environments.models import Target
from apps.rollouts.models import InventoryItem, PlanRecord, Rollout
from slipway.engine.manifests.prepare import OWNER
from slipway.engine.objects import Manifest, ObjectKey, annotations_of


@dataclass(frozen=True, slots=True)
class Interest:
    """One cluster's targets, and every object that stands or is about to stand on them."""

    keys: Mapping[ObjectKey, UUID] = field(default_factory=dict)  # → target
    targets: frozenset[UUID] = frozenset()
    namespaces: frozenset[str] = frozenset()
    access_changed_at: datetime | None = None

    def target_of(self, live: Manifest, key: ObjectKey) -> UUID | None:
        """By our store, else by the object's own mark, which names its target before the store knows the object."""
        known = self.keys.get(key)
        if known is not None:
            return known
        marked = marked_target(annotations_of(live).get(OWNER, ""), key)
        return marked if marked in self.targets else None


def marked_target(mark: str, key: ObjectKey) -> UUID | None:
    """`<installation>/<target>/<key>`; a mark that was copied to another object names that one, not this one."""
    installation, _, rest = mark.partition("/")
    target, _, named = rest.partition("/")
    if installation != settings.INSTALLATION_ID or named != str(key):
        return None
    try:
        return UUID(target)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Place:
    id: UUID
    cluster_id: UUID
    namespace: str
    live_rollout_id: UUID | None
    active_rollout_id: UUID | None


class InterestReader:
    """Asked every second or two, so it keeps what cannot have changed: a plan is immutable, and an inventory changes
    only while a rollout holds its target, whose plan names the same objects."""

    def __init__(self) -> None:
        self._inventories: dict[UUID, tuple[_Place, list[ObjectKey]]] = {}
        self._plans: dict[tuple[UUID, int], list[ObjectKey]] = {}

    def read(self, clusters: Iterable[UUID]) -> dict[UUID, Interest]:
        """A cluster that is gone is left out."""
        wanted = list(clusters)
        with scopes.system("what stands on the clusters that this process watches"):
            changed = dict(Cluster.objects.filter(id__in=wanted).values_list("id", "access_changed_at"))
            rows = Target.objects.filter(cluster_id__in=wanted, removed_at__isnull=True)
            fields = ("id", "cluster_id", "namespace", "live_rollout_id", "active_rollout_id")
            places = {row[0]: _Place(*row) for row in rows.values_list(*fields)}
            self._read_inventories(places)
            planned = self._read_plans(places)
        keys: dict[UUID, dict[ObjectKey, UUID]] = defaultdict(dict)
        for target, key in planned:
            keys[places[target].cluster_id][key] = target
        for target, (place, held) in self._inventories.items():  # what stands there wins over what is planned
            keys[place.cluster_id].update(dict.fromkeys(held, target))
        return {
            cluster: _interest(
                at, keys[cluster], [row for row in places.values() if row.cluster_id == cluster]
            )
            for cluster, at in changed.items()
        }

    def _read_inventories(self, places: Mapping[UUID, _Place]) -> None:
        known = self._inventories
        self._inventories = {
            target: known[target]
            for target, place in places.items()
            if known.get(target, (None,))[0] == place
        }
        missing = {target: place for target, place in places.items() if target not in self._inventories}
        found: dict[UUID, list[ObjectKey]] = {target: [] for target in missing}
        for target, key in InventoryItem.objects.filter(target_id__in=missing).values_list(
            "target_id", "key"
        ):
            found[target].append(ObjectKey.parse(key))
        self._inventories |= {target: (place, found[target]) for target, place in missing.items()}

    def _read_plans(self, places: Mapping[UUID, _Place]) -> list[tuple[UUID, ObjectKey]]:
        """Of plans that wait or run: somebody else's change to one of these objects concerns the rollout too."""
        open_rollouts = {
            (identifier, number): target
            for identifier, number, target in Rollout.objects.filter(
                target_id__in=places, ended_at__isnull=True, plan_number__gt=0
            ).values_list("id", "plan_number", "target_id")
        }
        self._plans = {which: keys for which, keys in self._plans.items() if which in open_rollouts}
        missing = [
            identifier for identifier, number in open_rollouts if (identifier, number) not in self._plans
        ]
        if missing:
            for identifier, number, keys in (
                PlanRecord.objects.filter(rollout_id__in=missing, number=F("rollout__plan_number"))
                .annotate(keys=_planned_keys())
                .values_list("rollout_id", "number", "keys")
            ):
                self._plans[identifier, number] = [ObjectKey.parse(key) for key in keys]
        return [
            (open_rollouts[which], key)
            for which, keys in self._plans.items()
            for key in keys
            if which in open_rollouts
        ]


def _planned_keys() -> Any:
    """The keys alone: a plan's body holds every field that changes."""
    return Func(
        F("body"),
        Value("$.plan.objects[*].key"),
        function="jsonb_path_query_array",
        template="%(function)s(%(expressions)s)",
        output_field=JSONField(),
    )


def _interest(at: datetime, keys: Mapping[ObjectKey, UUID], places: list[_Place]) -> Interest:
    return Interest(
        keys=keys,
        targets=frozenset(place.id for place in places),
        namespaces=frozenset(place.namespace for place in places)
        | {key.namespace for key in keys if key.namespace},
        access_changed_at=at,
    )
