"""What a plan needs of the database, read before the cluster is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from apps.core.encryption import open_json, organization_key
from apps.environments.models import Target
from apps.releases.models import Release
from apps.releases.services.documents import documents_for
from apps.rollouts.choices import JournalState
from apps.rollouts.models import AppliedSet, InventoryItem, JournalEntry, Rollout
from apps.rollouts.services.concealing import Conceal
from slipway.engine.manifests import (
    PreparedObject,
    TargetContext,
    field_manager,
)
from slipway.engine.objects import Manifest, ObjectKey
from slipway.engine.phases import Kind
from slipway.engine.plans import (
    Verb,
)
from slipway.ports.clusters import (
    ClusterFacts,
)

APPLIED = "applied_set.sealed_objects"


@dataclass(frozen=True, slots=True)
class Source:
    """What planning needs of the database, read before the cluster is asked."""

    context: TargetContext
    manager: str
    documents: tuple[Manifest, ...]
    stored: tuple[PreparedObject, ...] | None  # a rollback sends again exactly what was sent then
    inventory: Mapping[ObjectKey, bool]  # what stands because of us → never prune
    versioned: frozenset[ObjectKey]  # old ConfigMaps and Secrets: swept, never pruned by a plan
    ran: frozenset[ObjectKey]  # Jobs that ran to a good end here: once per release
    ignore_rules: tuple[str, ...]
    way_back: Release | None
    live: Release | None
    live_number: int | None
    conceal: Conceal


def source_of(rollout: Rollout, facts: ClusterFacts) -> Source:
    """Inside the organization's scope."""
    target, environment, application = rollout.target, rollout.environment, rollout.application
    organization_id = rollout.organization_id
    live = last_good_release(target)
    context = TargetContext(
        installation=settings.INSTALLATION_ID,
        target=str(target.id),
        namespace=target.namespace,
        namespaced=lambda group, kind: _namespaced(facts, group, kind),
        secret_key=organization_key(organization_id, "secret-suffix"),
        release_digest=bytes(rollout.release.digest).hex(),
        allowed_namespaces=frozenset(environment.allowed_namespaces),
        allowed_cluster_kinds=frozenset(_kind(text) for text in environment.allowed_cluster_kinds),
        image_overrides=target.image_overrides,
        require_digests=application.require_digests,
        strategy=rollout.policy["strategy"],
    )
    stored = _stored_set(rollout) if rollout.kind == Kind.ROLLBACK else None
    items = list(InventoryItem.objects.filter(target_id=target.id))
    inventory = {ObjectKey.parse(item.key): item.never_prune for item in items}
    return Source(
        context=context,
        manager=field_manager(settings.INSTALLATION_ID, str(target.id)),
        documents=() if stored is not None else documents_for(rollout.release, environment),
        stored=stored,
        inventory=inventory | dict.fromkeys(_maybe_made(rollout, inventory), False),
        versioned=frozenset(ObjectKey.parse(item.key) for item in items if item.versioned),
        ran=_jobs_that_ran(target),
        ignore_rules=tuple(application.ignore_rules),
        # A rollback that fails stops and calls a person: it has no way back of its own.
        way_back=None if rollout.kind == Kind.ROLLBACK else live,
        live=live,
        live_number=target.live_number,
        conceal=Conceal.of(organization_id),
    )


def last_good_release(target: Target) -> Release | None:
    """What the target goes back to: the release that stands there, by its newest succeeded rollout."""
    if target.live_release_id is None:
        return None
    found: Release | None = Release.objects.filter(id=target.live_release_id).first()
    return found


def _maybe_made(rollout: Rollout, inventory: Mapping[ObjectKey, bool]) -> set[ObjectKey]:
    """What a rollout that ended badly since may have created without living to note it."""
    since = (
        Rollout.objects.filter(target_id=rollout.target_id, phase="succeeded").order_by("-ended_at").first()
    )
    rows = JournalEntry.objects.filter(
        rollout__target_id=rollout.target_id,
        rollout__phase__in=["failed", "errored", "aborted"],
        state=JournalState.SENT,
        verb__in=[str(Verb.CREATE), str(Verb.REPLACE)],
    )
    if since is not None:
        rows = rows.filter(rollout__created_at__gt=since.created_at)
    keys = {ObjectKey.parse(key) for key in rows.values_list("key", flat=True).distinct()}
    return {key for key in keys - set(inventory) if key.kind != "Namespace"}


def _jobs_that_ran(target: Target) -> frozenset[ObjectKey]:
    """A Job's name holds its release's digest, so its key tells which release it ran for."""
    rows = JournalEntry.objects.filter(
        rollout__target_id=target.id, rollout__phase="succeeded", key__startswith="Job.batch/"
    )
    return frozenset(ObjectKey.parse(key) for key in rows.values_list("key", flat=True).distinct())


def _stored_set(rollout: Rollout) -> tuple[PreparedObject, ...] | None:
    """What was sent when that release last succeeded on this target."""
    stored = (
        AppliedSet.objects.filter(
            target_id=rollout.target_id, release_id=rollout.release_id, rollout__phase="succeeded"
        )
        .order_by("-made_at")
        .first()
    )
    return opened(stored) if stored is not None else None


def opened(stored: AppliedSet) -> tuple[PreparedObject, ...]:
    """The objects of a stored set, in the order in which they were sent."""
    return tuple(
        PreparedObject.from_json(item) for item in open_json(bytes(stored.sealed_objects), context=APPLIED)
    )


def _namespaced(facts: ClusterFacts, group: str, kind: str) -> bool | None:
    served = facts.kinds.get((group, kind))
    return served.namespaced if served else None


def _kind(text: str) -> tuple[str, str]:
    kind, _, group = text.partition(".")
    return group, kind
