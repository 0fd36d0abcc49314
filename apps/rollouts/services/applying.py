"""Carrying out one step: the journal first, then object by object, then the journal again.

Safe against a crash between any two lines: `writing` finds each object at its before or at its after. The abort flag
is read between objects, and no request starts with too little of the lease left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone

from apps.core import scopes
from apps.core.encryption import seal_json
from apps.core.ids import uuid7
from apps.environments.models import Target
from apps.rollouts.choices import JournalState
from apps.rollouts.models import AppliedSet, InventoryItem, JournalEntry, Rollout
from apps.rollouts.services import rechecking
from apps.rollouts.services.concealing import Conceal
from apps.rollouts.services.leases import FencedOut, Lease, lock_both, lock_under
from apps.rollouts.services.planning import Planned
from apps.rollouts.services.sources import APPLIED, opened
from apps.rollouts.services.writing import Outcome, OutOfTime, Writer, why_gone
from slipway.engine.manifests import PreparedObject, is_bare_namespace
from slipway.engine.manifests.digests import content_digest
from slipway.engine.objects import ObjectKey
from slipway.engine.phases import Kind
from slipway.engine.plans import Verb
from slipway.engine.steps import Step, StepKind
from slipway.ports.clusters import Cluster


def store_journal(rollout: Rollout, planned: Planned) -> None:
    """With the plan that is about to be applied, in the transaction that takes it into force."""
    JournalEntry.objects.filter(rollout_id=rollout.id).delete()
    by_key = {item.key: item for item in planned.plan.objects}
    entries: list[JournalEntry] = []
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


def applied_objects(rollout: Rollout) -> dict[ObjectKey, PreparedObject]:
    """What this rollout sends, in order."""
    return {item.key: item for item in opened(AppliedSet.objects.get(rollout_id=rollout.id))}


def apply_step(lease: Lease, step: Step, index: int, *, manager: str, cluster: Cluster) -> Outcome:
    """No transaction may be open. Raises Unreachable, Unauthorized, FencedOut; whatever was done is in the journal."""
    with scopes.organization(lease.organization_id):
        row: tuple[Any, ...] = (
            Rollout.objects.filter(id=lease.rollout_id)
            .values_list("target__namespace", "first_write_at")
            .get()
        )
        namespace, first_write_at = row
        inside = [
            entry.verb
            for entry in _open_entries(lease, index)
            if ObjectKey.parse(entry.key).namespace == namespace
        ]
    # A change of what stands in it is answered 200 even then, and goes with it; a create is refused. Before the first
    # write it is asked for creates too: until then another plan may take this one's place.
    matters = bool(inside) and (first_write_at is None or any(verb != Verb.CREATE for verb in inside))
    if matters and (gone := why_gone(cluster, namespace)):
        return Outcome(namespace_gone=gone)
    with scopes.organization(lease.organization_id):
        rollout = lock_under(lease)
        entries = _open_entries(lease, index)
        objects = applied_objects(rollout) if entries else {}
        unchecked = rechecking.unchecked_before(rollout, index, objects) if entries else []
        if entries and rollout.first_write_at is None:
            rollout.first_write_at = timezone.now()
            rollout.save(update_fields=["first_write_at"])
        JournalEntry.objects.filter(id__in=[entry.id for entry in entries]).update(state=JournalState.SENT)
    if unchecked:
        outcome = rechecking.ask_again([objects[key] for key in unchecked], manager=manager, cluster=cluster)
        if outcome.refused and (gone := why_gone(cluster, namespace)):
            return Outcome(namespace_gone=gone)
        if outcome.refused:
            rechecking.undo_foundation(lease, cluster)
        if outcome != Outcome():
            return outcome
    writer = Writer(
        cluster=cluster,
        manager=manager,
        lease=lease,
        number=rollout.number,
        namespace=namespace,
        forces=rollout.kind in {Kind.ROLLBACK, Kind.HEAL},
        conceal=Conceal.of(lease.organization_id),
    )
    return _write(writer, step, entries, objects)


def _open_entries(lease: Lease, index: int) -> list[JournalEntry]:
    return list(
        JournalEntry.objects.filter(rollout_id=lease.rollout_id, step=index).exclude(
            state=JournalState.APPLIED
        )
    )


def _write(
    writer: Writer, step: Step, entries: Sequence[JournalEntry], objects: dict[ObjectKey, PreparedObject]
) -> Outcome:
    done: list[JournalEntry] = []
    outcome = Outcome()
    try:
        for entry in entries:
            if not writer.lease.has_time() or _stopped(writer.lease):
                break
            key, prunes = ObjectKey.parse(entry.key), step.kind is StepKind.PRUNE
            outcome = writer.prune(key, entry) if prunes else writer.write(objects[key], entry)
            if outcome != Outcome():
                break
            done.append(entry)
    except OutOfTime:
        pass
    finally:
        _note(writer.lease, done, objects, pruned=step.kind is StepKind.PRUNE)
    return replace(outcome, written=len(done)) if done or outcome != Outcome() else outcome


def _stopped(lease: Lease) -> bool:
    """Whether a person wants it to end or to hold. Raises FencedOut."""
    with scopes.organization(lease.organization_id):
        row: tuple[Any, ...] = (
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
        rollout = lock_both(lease)
        for entry in done:
            entry.state, entry.applied_at = JournalState.APPLIED, now
        JournalEntry.objects.bulk_update(done, ["state", "applied_at", "uid"])
        if pruned:
            InventoryItem.objects.filter(
                target_id=rollout.target_id, key__in=[entry.key for entry in done]
            ).delete()
            return
        sent = [(entry, objects[ObjectKey.parse(entry.key)]) for entry in done]
        if any(is_bare_namespace(item) and entry.verb == Verb.CREATE for entry, item in sent):
            Target.objects.filter(id=rollout.target_id).update(created_namespace=True)
        InventoryItem.objects.bulk_create(
            [
                InventoryItem(
                    id=uuid7(),
                    organization_id=rollout.organization_id,
                    target_id=rollout.target_id,
                    key=entry.key,
                    uid=entry.uid,
                    rollout_id=rollout.id,
                    versioned=item.versioned,
                    never_prune=item.never_prune,
                )
                for entry, item in sent
                if not is_bare_namespace(item)
            ],
            update_conflicts=True,
            unique_fields=["organization", "target", "key"],
            update_fields=["uid", "rollout_id", "versioned", "never_prune"],
        )
