"""What the server could not check while its namespace or its kind was missing is checked once that is there.

Before anything else is applied: a refusal then takes back the namespaces that were made for it (never a CRD, whose
removal would take every object of its kind along).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from apps.core import scopes
from apps.environments.models import Target
from apps.rollouts.models import InventoryItem, JournalEntry, PlanRecord, Rollout
from apps.rollouts.services.leases import Lease, lock_both
from apps.rollouts.services.writing import Outcome
from slipway.engine.manifests import Layer, PreparedObject
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import Verb
from slipway.ports.clusters import (
    Cluster,
    ClusterError,
    NamespaceMissing,
    NotServed,
    OwnedByOthers,
    Precondition,
    Propagation,
    Refused,
)


def unchecked_before(
    rollout: Rollout, index: int, objects: Mapping[ObjectKey, PreparedObject]
) -> list[ObjectKey]:
    """The plan's unchecked objects, when step `index` is the first after the foundation and nothing of it was written.

    Inside the organization's scope.
    """
    if not any(item.layer is Layer.FOUNDATION for item in objects.values()):
        return []
    entries = JournalEntry.objects.filter(rollout_id=rollout.id)
    first = next(
        (
            entry.step
            for entry in entries.order_by("position")
            if (item := objects.get(ObjectKey.parse(entry.key))) and item.layer is not Layer.FOUNDATION
        ),
        None,
    )
    if first != index or entries.filter(step__gte=index, applied_at__isnull=False).exists():
        return []
    record = PlanRecord.objects.filter(rollout_id=rollout.id, digest=rollout.plan_digest).latest("number")
    return [
        ObjectKey.parse(planned["key"])
        for planned in record.body["plan"]["objects"]
        if not planned["checked"] and objects[ObjectKey.parse(planned["key"])].layer is not Layer.FOUNDATION
    ]


def ask_again(items: Sequence[PreparedObject], *, manager: str, cluster: Cluster) -> Outcome:
    """The first refusal, or the first kind that is established and not served yet; empty when the server takes all.

    Raises Unreachable and Unauthorized.
    """

    def ask(item: PreparedObject) -> Outcome:
        try:
            cluster.apply(item.manifest, manager=manager, force=True, dry_run=True)
        except NotServed:
            return Outcome(waiting=f"the kind {item.key.kind} is not served yet")
        except (Refused, NamespaceMissing, OwnedByOthers) as error:
            return Outcome(refused=f"{item.key.label} was refused: {error.sentence}")
        return Outcome()

    with ThreadPoolExecutor(max_workers=4) as pool:
        found = [outcome for outcome in pool.map(ask, items) if outcome != Outcome()]
    return next((outcome for outcome in found if outcome.refused), found[0] if found else Outcome())


def undo_foundation(lease: Lease, cluster: Cluster) -> None:
    """Deletes the namespaces that this rollout made. Nothing stands in them yet."""
    with scopes.organization(lease.organization_id):
        made = list(
            JournalEntry.objects.filter(
                rollout_id=lease.rollout_id, verb=str(Verb.CREATE), applied_at__isnull=False
            ).filter(key__startswith="Namespace/")
        )
    for entry in made:
        try:
            cluster.delete(
                ObjectKey.parse(entry.key),
                precondition=Precondition(entry.uid),
                propagation=Propagation.BACKGROUND,
            )
        except ClusterError:
            continue  # it stays; the sentence of the refusal is what matters
    with scopes.organization(lease.organization_id):
        lock_both(lease)
        InventoryItem.objects.filter(
            target_id=lease.target_id, key__in=[entry.key for entry in made]
        ).delete()
        if made:
            Target.objects.filter(id=lease.target_id).update(created_namespace=False)
