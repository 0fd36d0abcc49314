"""What no plan removes: versions of ConfigMaps and Secrets that nothing uses any more, and what a worker that had lost
its lease still created."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.utils import timezone

from apps.audit.services import SYSTEM
from apps.clusters.services import connect
from apps.core import outbox, scopes
from apps.rollouts.models import AppliedSet, InventoryItem, JournalEntry, Rollout
from apps.rollouts.services.leases import Lease, lock_both
from apps.rollouts.services.recording import commit_rollout
from apps.rollouts.services.sources import opened
from slipway.engine.manifests.podspecs import pod_spec, references
from slipway.engine.manifests.prepare import ATTEMPT, OWNER
from slipway.engine.objects import Manifest, ObjectKey, annotations_of, uid_of
from slipway.engine.plans import Verb
from slipway.engine.state import EngineEvent
from slipway.ports.clusters import Cluster, ClusterError, Precondition, Propagation, Snapshot

log = structlog.get_logger(__name__)

CLEAN_UP = "rollouts.clean_up"
_LATER = timedelta(seconds=30)
_USERS = (("apps", "ReplicaSet"), ("apps", "ControllerRevision"), ("batch", "Job"), ("", "Pod"))


def sweep_versions(lease: Lease, snapshot: Snapshot, cluster: Cluster) -> None:
    """By the rollout that holds the slot, once everything is healthy: nobody else's plan counts on them meanwhile.

    A version stays while a ReplicaSet, ControllerRevision, Job or pod names it, or the way back does.
    """
    with scopes.organization(lease.organization_id):
        items = {
            ObjectKey.parse(item.key): item
            for item in InventoryItem.objects.filter(target_id=lease.target_id, versioned=True)
        }
        kept = _named_by_releases(lease) if items else set()
    old = [key for key in items if key not in kept]
    if not (old := _unused(old, [*snapshot.children, *(live for live in snapshot.objects.values() if live)])):
        return
    # Also what descends from none of our objects: pods of a workload that was pruned are still ending.
    others: list[Manifest] = []
    for group, kind in _USERS:
        for namespace in {key.namespace for key in old}:
            others += cluster.list(group, kind, namespace=namespace).items
    removed = []
    for key in _unused(old, others):
        if not lease.has_time():
            break
        live = cluster.read(key)
        if live is not None and _is_ours(live, key, lease.target_id):
            cluster.delete(key, precondition=Precondition(uid_of(live)), propagation=Propagation.BACKGROUND)
        removed.append(key)
    if removed:
        _note_swept(lease, removed)


def clean_up(organization_id: UUID, rollout_id: UUID) -> int:
    """After a way back, when every lease of the rollout it undid is over: what that one created too late goes.

    Answers how many.
    """
    with scopes.organization(organization_id):
        rollout = Rollout.objects.select_related("undoes", "target__cluster").get(id=rollout_id)
        undone = rollout.undoes
        if undone is None:
            return 0
        made = JournalEntry.objects.filter(
            rollout_id=undone.id, verb__in=[str(Verb.CREATE), str(Verb.REPLACE)]
        ).values_list("key", flat=True)
        standing = InventoryItem.objects.filter(target_id=rollout.target_id).values_list("key", flat=True)
        keys = [ObjectKey.parse(key) for key in set(made) - set(standing)]
        cluster_row, target_id, number = rollout.target.cluster, rollout.target_id, undone.number
    try:
        return _remove_late(connect(cluster_row), keys, target_id, number) if keys else 0
    except ClusterError as error:
        log.info("clean_up_later", rollout=str(rollout_id), error=error.sentence)
        with scopes.organization(organization_id):
            outbox.send(CLEAN_UP, not_before=timezone.now() + _LATER, rollout=rollout_id)
        return 0


def _remove_late(cluster: Cluster, keys: Sequence[ObjectKey], target_id: UUID, number: int) -> int:
    removed = 0
    for key in keys:
        live = cluster.read(key) if cluster.facts().serves(key.group, key.kind) else None
        if live is None or not _is_ours(live, key, target_id):
            continue
        if annotations_of(live).get(ATTEMPT, "").partition(".")[0] != str(number):
            continue
        cluster.delete(key, precondition=Precondition(uid_of(live)), propagation=Propagation.BACKGROUND)
        log.info("late_create_removed", key=str(key), rollout=number)
        removed += 1
    return removed


def _unused(keys: Sequence[ObjectKey], users: Iterable[Manifest]) -> list[ObjectKey]:
    named: set[tuple[str, str, str]] = set()
    for user in users:
        namespace = (user.get("metadata") or {}).get("namespace", "")
        # A ControllerRevision keeps the piece of a StatefulSet or DaemonSet that holds the template.
        revision = user.get("kind") == "ControllerRevision"
        spec = pod_spec({**(user.get("data") or {}), "kind": "StatefulSet"} if revision else user)
        if spec is not None:
            named |= {(kind, namespace, holder[key]) for kind, holder, key in references(spec)}
    return [key for key in keys if (key.kind, key.namespace, key.name) not in named]


def _named_by_releases(lease: Lease) -> set[ObjectKey]:
    """Of this rollout, and of the one that would be gone back to."""
    rollout = Rollout.objects.get(id=lease.rollout_id)
    found: set[ObjectKey] = set()
    for stored in AppliedSet.objects.filter(rollout_id__in=[rollout.id, rollout.target.live_rollout_id]):
        found |= {item.key for item in opened(stored)}
    return found


def _is_ours(live: Manifest, key: ObjectKey, target_id: UUID) -> bool:
    return annotations_of(live).get(OWNER) == f"{settings.INSTALLATION_ID}/{target_id}/{key}"


def _note_swept(lease: Lease, removed: Sequence[ObjectKey]) -> None:
    with scopes.organization(lease.organization_id):
        lock_both(lease)
        rollout = Rollout.objects.select_related("application", "environment", "release").get(
            id=lease.rollout_id
        )
        InventoryItem.objects.filter(
            target_id=lease.target_id, key__in=[str(key) for key in removed]
        ).delete()
        labels = [key.label for key in removed]
        sentence = f"{len(labels)} old versions that nothing uses any more are removed."
        commit_rollout(
            rollout,
            by=SYSTEM,
            at=timezone.now(),
            before=rollout.phase,
            events=[EngineEvent("versions-swept", {"objects": labels, "sentence": sentence})],
        )


def sweep_quietly(lease: Lease, snapshot: Snapshot, cluster: Cluster) -> None:
    """Old versions hurt nobody: trouble with them holds no rollout."""
    try:
        sweep_versions(lease, snapshot, cluster)
    except ClusterError as error:
        log.info("versions_left", rollout=str(lease.rollout_id), error=error.sentence)
