"""A plan: the release's stored manifests, made ready for one target, held against the live cluster by dry runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from apps.core.encryption import open_json, organization_key
from apps.releases.services.documents import documents_for
from apps.rollouts.models import AppliedSet, InventoryItem, Rollout
from slipway.engine.manifests import (
    Layer,
    PreparedObject,
    TargetContext,
    field_manager,
    owner_mark,
    prepare,
)
from slipway.engine.objects import Manifest, ObjectKey, is_terminating
from slipway.engine.phases import Kind
from slipway.engine.plans import (
    DryRun,
    DryRunKind,
    Plan,
    PlannedObject,
    Verb,
    autoscaled,
    classify,
    omit_replicas,
    prunes,
)
from slipway.engine.state import PlanFacts
from slipway.engine.steps import Step
from slipway.engine.strategies import lay_out
from slipway.ports.clusters import (
    Cluster,
    ClusterFacts,
    NamespaceMissing,
    NotServed,
    OwnedByOthers,
    Refused,
)

APPLIED = "applied_set.sealed_objects"
NAMESPACE_NOTE = "the target's namespace; made once, then never owned, changed or removed by Slipway"


@dataclass(frozen=True, slots=True)
class Source:
    """What planning needs of the database, read before the cluster is asked."""

    context: TargetContext
    manager: str
    documents: tuple[Manifest, ...]
    stored: tuple[PreparedObject, ...] | None  # a rollback sends again exactly what was sent then
    inventory: Mapping[ObjectKey, bool]  # what stands because of us → never prune
    versioned: frozenset[ObjectKey]  # old ConfigMaps and Secrets: swept, never pruned by a plan
    ignore_rules: tuple[str, ...]
    way_back_digest: str
    way_back_label: str
    forces: bool  # a way back takes its fields over from whoever changed them


@dataclass(frozen=True, slots=True)
class Planned:
    plan: Plan
    steps: tuple[Step, ...]
    objects: tuple[PreparedObject, ...]  # as they are sent

    @property
    def facts(self) -> PlanFacts:
        refusals = [
            f"{planned.key.label}: {planned.refusal}"
            for planned in self.plan.objects
            if planned.verb is Verb.REFUSE
        ]
        return PlanFacts(self.plan.digest, self.plan.sentence, self.steps, (*self.plan.problems, *refusals))

    def to_json(self) -> dict[str, Any]:
        return {"plan": self.plan.to_json(), "steps": [step.to_json() for step in self.steps]}


def source_of(rollout: Rollout, facts: ClusterFacts) -> Source:
    """Inside the organization's scope."""
    target, environment, application = rollout.target, rollout.environment, rollout.application
    organization_id = rollout.organization_id
    way_back = rollout.way_back_release
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
    return Source(
        context=context,
        manager=field_manager(settings.INSTALLATION_ID, str(target.id)),
        documents=() if stored is not None else documents_for(rollout.release, environment),
        stored=stored,
        inventory={ObjectKey.parse(item.key): item.never_prune for item in items},
        versioned=frozenset(ObjectKey.parse(item.key) for item in items if item.versioned),
        ignore_rules=tuple(application.ignore_rules),
        way_back_digest=bytes(way_back.digest).hex() if way_back else "",
        way_back_label=way_back.version if way_back else "",
        forces=rollout.kind in {Kind.ROLLBACK, Kind.HEAL, Kind.REAPPLY},
    )


def make_plan(source: Source, cluster: Cluster) -> Planned:
    """Asks the cluster, so no transaction may be open. Raises Unreachable and Unauthorized; the rest is in the plan."""
    context = source.context
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    if source.stored is not None:
        # The namespace was made because it was missing then; whether it is missing is asked anew.
        objects = tuple(item for item in source.stored if not is_bare_namespace(item))
    else:
        prepared = prepare(source.documents, context)
        objects = prepared.objects
        problems, notes = tuple(str(problem) for problem in prepared.problems), prepared.notes
    if problems:
        return _planned(source, objects, (), problems, notes)
    namespace = _namespace_object(context, objects, cluster)
    if namespace is not None:
        objects = (namespace, *objects)
    gone = sorted(set(source.inventory) - {item.key for item in objects} - source.versioned)
    lives = _read_all(cluster, [*(item.key for item in objects), *gone])
    scaled = autoscaled(
        [*(item.manifest for item in objects), *_live_scalers(cluster, context.namespace)], context.namespace
    )
    objects = tuple(
        omit_replicas(item, lives.get(item.key), source.manager) if item.key in scaled else item
        for item in objects
    )
    new_namespaces = {
        item.key.name for item in objects if item.key.kind == "Namespace" and lives.get(item.key) is None
    }
    new_kinds = frozenset(_crd_kinds(objects))

    def ask(item: PreparedObject) -> PlannedObject:
        live = lives.get(item.key)
        if item.key.namespace in new_namespaces or (item.key.group, item.key.kind) in new_kinds:
            run = DryRun(DryRunKind.UNCHECKED)
        else:
            run = _dry_run(cluster, item, live, source)
        planned = classify(
            item,
            live,
            run,
            manager=source.manager,
            owner=owner_mark(context, item.key),
            ignore=source.ignore_rules,
        )
        if item is namespace:
            planned = replace(planned, notes=(NAMESPACE_NOTE,))
        return planned

    with ThreadPoolExecutor(max_workers=4) as pool:
        planned = tuple(pool.map(ask, objects))
    removed = prunes(
        {key: source.inventory[key] for key in gone},
        objects,
        lives,
        owner_prefix=f"{context.installation}/{context.target}",
    )
    return _planned(source, objects, (*planned, *removed), (), notes)


def _planned(
    source: Source,
    objects: Sequence[PreparedObject],
    planned: tuple[PlannedObject, ...],
    problems: tuple[str, ...],
    notes: tuple[str, ...],
) -> Planned:
    pruned = [item.key for item in planned if item.verb is Verb.PRUNE]
    steps = lay_out(objects, pruned)
    plan = Plan(
        target=source.context.target,
        release_digest=source.context.release_digest,
        way_back_digest=source.way_back_digest,
        way_back_label=source.way_back_label,
        step_titles=tuple(step.title for step in steps),
        objects=planned,
        problems=problems,
        notes=notes,
    )
    return Planned(plan, steps, tuple(objects))


def _dry_run(cluster: Cluster, item: PreparedObject, live: Manifest | None, source: Source) -> DryRun:
    if live is not None and is_terminating(live):
        return DryRun(DryRunKind.UNCHECKED)
    try:
        return DryRun(DryRunKind.ANSWERED, cluster.apply(item.manifest, manager=source.manager, dry_run=True))
    except OwnedByOthers as conflict:
        return _forced(cluster, item, source, conflict)
    except NamespaceMissing as error:
        return DryRun(DryRunKind.REFUSED, sentence=error.sentence)
    except NotServed as error:
        return DryRun(DryRunKind.REFUSED, sentence=error.sentence)
    except Refused as error:
        if error.immutable:
            return DryRun(DryRunKind.IMMUTABLE, sentence=error.sentence)
        return DryRun(DryRunKind.REFUSED, sentence=error.sentence)


def _forced(cluster: Cluster, item: PreparedObject, source: Source, conflict: OwnedByOthers) -> DryRun:
    try:
        answer = cluster.apply(item.manifest, manager=source.manager, dry_run=True, force=True)
    except Refused as error:
        kind = DryRunKind.IMMUTABLE if error.immutable else DryRunKind.REFUSED
        return DryRun(kind, sentence=error.sentence)
    return DryRun(DryRunKind.CONFLICT, answer, conflict.owners)


def _read_all(cluster: Cluster, keys: Sequence[ObjectKey]) -> dict[ObjectKey, Manifest | None]:
    """By listing: the cost grows with kinds and not with objects. Kinds that are not served read as absent."""
    facts = cluster.facts()
    lives: dict[ObjectKey, Manifest | None] = dict.fromkeys(keys)
    groups = sorted(
        {(key.group, key.kind, key.namespace) for key in keys if facts.serves(key.group, key.kind)}
    )
    single = {
        group: [key for key in keys if (key.group, key.kind, key.namespace) == group] for group in groups
    }

    def fetch(group: tuple[str, str, str]) -> list[Manifest]:
        wanted = single[group]
        if len(wanted) == 1 or not group[2]:
            return [live for key in wanted if (live := cluster.read(key)) is not None]
        return list(cluster.list(group[0], group[1], namespace=group[2]).items)

    with ThreadPoolExecutor(max_workers=4) as pool:
        for found in pool.map(fetch, groups):
            for live in found:
                key = ObjectKey.of(live)
                if key in lives:
                    lives[key] = live
    return lives


def _live_scalers(cluster: Cluster, namespace: str) -> list[Manifest]:
    facts = cluster.facts()
    found: list[Manifest] = []
    for group, kind in (("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")):
        if facts.serves(group, kind):
            found += cluster.list(group, kind, namespace=namespace).items
    return found


def _namespace_object(
    context: TargetContext, objects: Sequence[PreparedObject], cluster: Cluster
) -> PreparedObject | None:
    """The target's namespace as a planned object while it is missing and the bundle does not bring it."""
    if any(item.key.kind == "Namespace" and item.key.name == context.namespace for item in objects):
        return None
    key = ObjectKey("", "Namespace", "", context.namespace)
    if cluster.read(key) is not None:
        return None
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": context.namespace}}
    return PreparedObject(key, manifest, Layer.FOUNDATION, never_prune=True)


def is_bare_namespace(item: PreparedObject) -> bool:
    """The target's namespace that we made because it was missing: it is nobody's to own or prune."""
    return item.key.kind == "Namespace" and "annotations" not in item.manifest["metadata"]


def _crd_kinds(objects: Sequence[PreparedObject]) -> list[tuple[str, str]]:
    found = []
    for item in objects:
        if item.key.kind == "CustomResourceDefinition":
            spec = item.manifest.get("spec") or {}
            found.append((str(spec.get("group", "")), str((spec.get("names") or {}).get("kind", ""))))
    return found


def _stored_set(rollout: Rollout) -> tuple[PreparedObject, ...] | None:
    """What was sent when that release last succeeded on this target."""
    stored = (
        AppliedSet.objects.filter(
            target_id=rollout.target_id, release_id=rollout.release_id, rollout__phase="succeeded"
        )
        .order_by("-made_at")
        .first()
    )
    if stored is None:
        return None
    return tuple(
        PreparedObject.from_json(item) for item in open_json(bytes(stored.sealed_objects), context=APPLIED)
    )


def _namespaced(facts: ClusterFacts, group: str, kind: str) -> bool | None:
    served = facts.kinds.get((group, kind))
    return served.namespaced if served else None


def _kind(text: str) -> tuple[str, str]:
    kind, _, group = text.partition(".")
    return group, kind
