"""Carrying out one step: the journal first, then object by object, then the journal again.

Safe against a crash between any two lines: a server-side apply of the same object is the same apply, a delete names
the uid it saw. The abort flag is read between objects, and no request starts with too little of the lease left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.core import scopes
from apps.core.encryption import open_json, seal_json
from apps.core.ids import uuid7
from apps.rollouts.choices import JournalState
from apps.rollouts.models import AppliedSet, InventoryItem, JournalEntry, Rollout
from apps.rollouts.services.leases import FencedOut, Lease, lock_under
from apps.rollouts.services.planning import APPLIED, Planned, is_bare_namespace
from slipway.engine.diff import changes
from slipway.engine.manifests import PreparedObject
from slipway.engine.manifests.digests import content_digest
from slipway.engine.objects import ObjectKey, is_terminating, resource_version_of, uid_of
from slipway.engine.plans import Verb
from slipway.engine.steps import Step, StepKind
from slipway.ports.clusters import (
    Cluster,
    NamespaceMissing,
    OwnedByOthers,
    Precondition,
    Propagation,
    Refused,
    Stale,
)

_STALE_TRIES = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a step came. All empty: it is done, or time or the abort flag ended it early; the journal knows."""

    refused: str = ""
    conflict: str = ""
    waiting: str = ""  # an object is being deleted first


def store_journal(rollout: Rollout, planned: Planned) -> None:
    """With the plan that is about to be applied, in the transaction that takes it into force."""
    JournalEntry.objects.filter(rollout_id=rollout.id).delete()
    by_key = {item.key: item for item in planned.plan.objects}
    entries = []
    for index, step in enumerate(planned.steps):
        for key in step.keys:
            item = by_key[key]
            entries.append(
                JournalEntry(
                    organization_id=rollout.organization_id,
                    rollout=rollout,
                    position=len(entries),
                    step=index,
                    key=str(key),
                    verb=str(item.verb),
                    uid=item.uid,
                    before_version=item.resource_version,
                    changes=[change.to_json() for change in item.changes],
                    state=JournalState.PLANNED if item.verb.writes else JournalState.APPLIED,
                )
            )
    JournalEntry.objects.bulk_create(entries)
    AppliedSet.objects.update_or_create(
        organization_id=rollout.organization_id,
        rollout=rollout,
        defaults={
            "release": rollout.release,
            "target": rollout.target,
            "digest": content_digest([item.manifest for item in planned.objects]),
            "sealed_objects": seal_json([item.to_json() for item in planned.objects], context=APPLIED),
        },
    )


def remaining_in(rollout: Rollout, step: int) -> int:
    return int(
        JournalEntry.objects.filter(rollout_id=rollout.id, step=step)
        .exclude(state=JournalState.APPLIED)
        .count()
    )


def apply_step(lease: Lease, step: Step, index: int, *, manager: str, cluster: Cluster) -> Outcome:
    """No transaction may be open. Raises Unreachable, Unauthorized, FencedOut; whatever was done is in the journal."""
    with scopes.organization(lease.organization_id):
        rollout = lock_under(lease)
        if rollout.first_write_at is None:
            rollout.first_write_at = timezone.now()
            rollout.save(update_fields=["first_write_at"])
        unapplied: Any = JournalEntry.objects.filter(rollout_id=rollout.id, step=index)
        entries: list[JournalEntry] = [*unapplied.exclude(state=JournalState.APPLIED)]
        JournalEntry.objects.filter(id__in=[entry.id for entry in entries]).update(state=JournalState.SENT)
        stored = AppliedSet.objects.get(rollout_id=rollout.id)
        objects = _objects(stored)
    done: list[JournalEntry] = []
    outcome = Outcome()
    try:
        for entry in entries:
            if not lease.has_time() or _stopped(lease):
                break
            key = ObjectKey.parse(entry.key)
            if step.kind is StepKind.PRUNE:
                outcome = _prune(cluster, key, entry)
            else:
                outcome = _apply(cluster, objects[key], entry, manager)
            if outcome != Outcome():
                break
            done.append(entry)
    finally:
        _note(lease, done, objects, pruned=step.kind is StepKind.PRUNE)
    return outcome


def _apply(cluster: Cluster, item: PreparedObject, entry: JournalEntry, manager: str) -> Outcome:
    try:
        if entry.verb == Verb.REPLACE and entry.uid:
            cluster.delete(item.key, precondition=Precondition(entry.uid), propagation=Propagation.BACKGROUND)
            entry.uid = ""
        live = cluster.read(item.key)
        if live is not None and is_terminating(live):
            return Outcome(waiting=f"{item.key.label} is being deleted first")
        if live is None:
            answer = cluster.apply(item.manifest, manager=manager, force=True)
        else:
            answer = _update(cluster, item, live, entry, manager)
    except (OwnedByOthers, NamespaceMissing, Refused) as error:
        return Outcome(refused=f"{item.key.label} was refused: {error.sentence}")
    except Stale as error:
        return Outcome(conflict=f"{item.key.label} keeps changing under us: {error.sentence}")
    entry.uid = uid_of(answer)
    return Outcome()


def _update(cluster: Cluster, item: PreparedObject, live: Any, entry: JournalEntry, manager: str) -> Any:
    """With uid and resourceVersion; controllers write status all the time, so a stale version alone is no refusal."""
    for attempt in range(_STALE_TRIES):
        if entry.uid and uid_of(live) != entry.uid:
            raise Stale("it is another object than the plan saw")
        precondition = Precondition(uid_of(live), resource_version_of(live))
        try:
            return cluster.apply(item.manifest, manager=manager, force=True, precondition=precondition)
        except Stale:
            if attempt == _STALE_TRIES - 1:
                raise
            again = cluster.read(item.key)
            if again is None:
                raise
            _check_journalled(live, again, entry)
            live = again
    raise AssertionError("unreachable")


def _check_journalled(before: Any, now: Any, entry: JournalEntry) -> None:
    """Every journalled field must still be at its before or its after; else somebody else works on it."""
    expected = {change["path"]: (change["before"], change["after"]) for change in entry.changes}
    for change in changes(before, now):
        if change.path in expected and change.after not in expected[change.path]:
            raise Stale(f"{change.path} was changed by somebody else")


def _prune(cluster: Cluster, key: ObjectKey, entry: JournalEntry) -> Outcome:
    try:
        cluster.delete(key, precondition=Precondition(entry.uid), propagation=Propagation.BACKGROUND)
    except Stale:
        return Outcome()  # another object of that name: not the one we put there
    except Refused as error:
        return Outcome(refused=f"{key.label} could not be removed: {error.sentence}")
    return Outcome()


def _stopped(lease: Lease) -> bool:
    """A person asked for an abort, a stop or a pause, or the lease is another's."""
    with scopes.organization(lease.organization_id):
        row = (
            Rollout.objects.filter(id=lease.rollout_id)
            .values_list("fence", "abort_requested_at", "stop_requested_at", "pause_requested_at")
            .get()
        )
    if row[0] != lease.fence:
        raise FencedOut
    return any(moment is not None for moment in row[1:])


def _note(
    lease: Lease, done: Sequence[JournalEntry], objects: dict[ObjectKey, PreparedObject], *, pruned: bool
) -> None:
    if not done:
        return
    now = timezone.now()
    with scopes.organization(lease.organization_id):
        rollout = lock_under(lease)
        for entry in done:
            entry.state, entry.applied_at = JournalState.APPLIED, now
        JournalEntry.objects.bulk_update(done, ["state", "applied_at", "uid"])
        if pruned:
            InventoryItem.objects.filter(
                target_id=rollout.target_id, key__in=[entry.key for entry in done]
            ).delete()
            return
        InventoryItem.objects.bulk_create(
            [
                InventoryItem(
                    id=uuid7(),
                    organization_id=rollout.organization_id,
                    target_id=rollout.target_id,
                    key=entry.key,
                    uid=entry.uid,
                    rollout_id=rollout.id,
                    versioned=objects[ObjectKey.parse(entry.key)].versioned,
                    never_prune=objects[ObjectKey.parse(entry.key)].never_prune,
                )
                for entry in done
                if not is_bare_namespace(objects[ObjectKey.parse(entry.key)])
            ],
            update_conflicts=True,
            unique_fields=["organization", "target", "key"],
            update_fields=["uid", "rollout_id", "versioned", "never_prune"],
        )


def _objects(stored: AppliedSet) -> dict[ObjectKey, PreparedObject]:
    listed = [
        PreparedObject.from_json(item) for item in open_json(bytes(stored.sealed_objects), context=APPLIED)
    ]
    return {item.key: item for item in listed}
