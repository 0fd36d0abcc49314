"""A plan: the release's stored manifests, made ready for one target, held against the live cluster by dry runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from apps.environments.models import Target
from apps.rollouts.services import asking
from apps.rollouts.services.concealing import shown
from apps.rollouts.services.sources import Source
from slipway.engine.diff import changes, owned_by
from slipway.engine.manifests import (
    Layer,
    PreparedObject,
    TargetContext,
    is_bare_namespace,
    owner_mark,
    prepare,
    with_attempt,
)
from slipway.engine.manifests.prepare import ATTEMPT, ON_ROLLBACK
from slipway.engine.manifests.unrolling import NOTE as TWO_WRITES
from slipway.engine.manifests.unrolling import stops_rolling
from slipway.engine.objects import Manifest, ObjectKey, annotations_of, is_terminating
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
)

SCALERS = (("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject"))
_BATCH = 100
NAMESPACE_NOTE = "the target's namespace; made once, then never owned, changed or removed by Slipway"


@dataclass(frozen=True, slots=True)
class Planned:
    plan: Plan
    steps: tuple[Step, ...]
    objects: tuple[PreparedObject, ...]  # as they are sent
    source: Source

    @property
    def facts(self) -> PlanFacts:
        refusals = [
            f"{planned.key.label}: {planned.refusal}"
            for planned in self.plan.objects
            if planned.verb is Verb.REFUSE
        ]
        return PlanFacts(self.plan.digest, self.plan.sentence, self.steps, (*self.plan.problems, *refusals))

    def stands_on(self, target: Target) -> bool:
        """Whether what was live when it was made still is."""
        return target.live_release_id == (self.source.live.id if self.source.live else None)

    def to_json(self) -> dict[str, Any]:
        return {"plan": self.plan.to_json(), "steps": [step.to_json() for step in self.steps]}


def make_plan(source: Source, cluster: Cluster, *, keep_alive: Callable[[], None] = lambda: None) -> Planned:
    """Asks the cluster, so no transaction may be open. Raises Unreachable and Unauthorized; the rest is in the plan.

    `keep_alive` is called now and then: a plan of thousands of objects takes longer than a lease.
    """
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
    wanted = {item.key for item in objects}
    gone = sorted(set(source.inventory) - wanted - source.versioned)
    own = ObjectKey("", "Namespace", "", context.namespace)
    lives, scalers = _read_all(
        cluster, [*dict.fromkeys([own, *(item.key for item in objects), *gone])], context
    )
    objects, skipped = _without_jobs_that_ran(source, objects, lives)
    if own not in wanted and _is_away(lives[own]):
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": context.namespace}}
        objects = (PreparedObject(own, manifest, Layer.FOUNDATION, never_prune=True), *objects)
    new_namespaces = {
        item.key.name for item in objects if item.key.kind == "Namespace" and _is_away(lives.get(item.key))
    }
    for key in lives:
        if key.namespace in new_namespaces:
            lives[key] = None  # it goes with its namespace, whatever it says now
    scaled = autoscaled([*(item.manifest for item in objects), *scalers], context.namespace)
    objects = tuple(_for_live(item, lives.get(item.key), scaled, source.manager) for item in objects)
    new_kinds = frozenset(_crd_kinds(item for item in objects if lives.get(item.key) is None))

    def ask(item: PreparedObject) -> PlannedObject:
        live = lives.get(item.key)
        if is_bare_namespace(item):
            waits = ("the one that is being deleted goes first",) if live is not None else ()
            return PlannedObject(
                item.key, Verb.CREATE, changes(None, item.manifest), notes=(NAMESPACE_NOTE, *waits)
            )
        if (item.key.group, item.key.kind) in new_kinds:
            run = DryRun(DryRunKind.UNCHECKED)
        elif item.key.namespace in new_namespaces:
            run = asking.ask_ahead(cluster, item, source.manager)
        else:
            run = asking.dry_run(cluster, item, live, source.manager)
        planned = classify(
            shown(item),
            live,
            run,
            manager=source.manager,
            owner=owner_mark(context, item.key),
            ignore=source.ignore_rules,
        )
        return source.conceal.planned(_judged(item, live, run, planned, source.manager))

    planned: list[PlannedObject] = []
    with ThreadPoolExecutor(max_workers=4) as pool:
        for start in range(0, len(objects), _BATCH):
            planned += pool.map(ask, objects[start : start + _BATCH])
            keep_alive()
    removed = prunes(
        {key: source.inventory[key] for key in gone if key not in skipped},
        objects,
        lives,
        owner_prefix=f"{context.installation}/{context.target}",
    )
    return _planned(source, objects, (*planned, *removed), (), notes)


def _without_jobs_that_ran(
    source: Source, objects: tuple[PreparedObject, ...], lives: Mapping[ObjectKey, Manifest | None]
) -> tuple[tuple[PreparedObject, ...], frozenset[ObjectKey]]:
    """A Job runs once per release, and a rollback runs none again unless it is declared."""
    skipped = set()
    for item in objects:
        if item.key.kind != "Job" or item.key.group != "batch":
            continue
        if annotations_of(item.manifest).get(ON_ROLLBACK) == "run" and source.stored is not None:
            continue
        if source.stored is not None or (item.key in source.ran and lives.get(item.key) is None):
            skipped.add(item.key)
    return tuple(item for item in objects if item.key not in skipped), frozenset(skipped)


def _for_live(
    item: PreparedObject, live: Manifest | None, scaled: frozenset[ObjectKey], manager: str
) -> PreparedObject:
    """What is sent, given what stands there: an autoscaler's replicas and the mark of who made it go back as they are."""
    if is_bare_namespace(item):
        return item
    if item.key in scaled:
        item = omit_replicas(item, live, manager)
    attempt = annotations_of(live).get(ATTEMPT) if live is not None and not is_terminating(live) else None
    return replace(item, manifest=with_attempt(item.manifest, attempt))


def _judged(
    item: PreparedObject, live: Manifest | None, run: DryRun, planned: PlannedObject, manager: str
) -> PlannedObject:
    if planned.verb is Verb.UNCHANGED and item.key.kind == "Job" and live is not None and _job_failed(live):
        return replace(planned, verb=Verb.REPLACE, notes=("it failed; it is deleted and run again",))
    if planned.verb is Verb.CHANGE and stops_rolling(item.manifest, live):
        return replace(planned, notes=(*planned.notes, TWO_WRITES))
    if planned.verb is not Verb.UNCHANGED or live is None or run.answer is None:
        return planned
    # A field that is said now and stood there already, or is dropped and stays by somebody else's word.
    if owned_by(live, manager) != owned_by(run.answer, manager):
        return replace(planned, verb=Verb.CHANGE, notes=("only who owns its fields changes",))
    return planned


def _job_failed(live: Manifest) -> bool:
    conditions = (live.get("status") or {}).get("conditions") or ()
    return any(entry.get("type") == "Failed" and entry.get("status") == "True" for entry in conditions)


def _is_away(live: Manifest | None) -> bool:
    """A terminating namespace is as good as gone: what is applied in it can answer 200 and vanish."""
    return live is None or is_terminating(live)


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
        way_back_digest=bytes(source.way_back.digest).hex() if source.way_back else "",
        way_back_label=source.way_back.version if source.way_back else "",
        step_titles=tuple(step.title for step in steps),
        objects=planned,
        problems=problems,
        notes=notes,
    )
    return Planned(plan, steps, tuple(objects), source)


def _read_all(
    cluster: Cluster, keys: Sequence[ObjectKey], context: TargetContext
) -> tuple[dict[ObjectKey, Manifest | None], list[Manifest]]:
    """Live objects and autoscalers. By listing, so the cost grows with kinds and not with objects.

    Kinds that are not served read as absent.
    """
    facts = cluster.facts()
    lives: dict[ObjectKey, Manifest | None] = dict.fromkeys(keys)
    groups: dict[tuple[str, str, str], list[ObjectKey]] = {}
    for key in keys:
        if facts.serves(key.group, key.kind):
            groups.setdefault((key.group, key.kind, key.namespace), []).append(key)
    for group, kind in SCALERS:
        if facts.serves(group, kind):
            groups.setdefault((group, kind, context.namespace), [])

    def fetch(group: tuple[str, str, str]) -> list[Manifest]:
        wanted = groups[group]
        if (group[0], group[1]) not in SCALERS and (len(wanted) == 1 or not group[2]):
            return [live for key in wanted if (live := cluster.read(key)) is not None]
        return list(cluster.list(group[0], group[1], namespace=group[2]).items)

    scalers: list[Manifest] = []
    with ThreadPoolExecutor(max_workers=6) as pool:
        for asked, found in zip(groups, pool.map(fetch, groups), strict=True):
            if asked[:2] in SCALERS:
                scalers += found
            for live in found:
                key = ObjectKey.of(live)
                if key in lives:
                    lives[key] = live
    return lives, scalers


def _crd_kinds(objects: Iterable[PreparedObject]) -> list[tuple[str, str]]:
    found = []
    for item in objects:
        if item.key.kind == "CustomResourceDefinition":
            spec = item.manifest.get("spec") or {}
            found.append((str(spec.get("group", "")), str((spec.get("names") or {}).get("kind", ""))))
    return found
