"""One object of a plan, whole: as it was applied before, and as it will be."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.problems import NotFound
from apps.dashboard.differences.lines import Run, added, compare_lines, removed
from apps.dashboard.differences.objects import masked
from apps.dashboard.differences.renames import renames
from apps.dashboard.differences.whole import with_plan
from apps.dashboard.differences.writing import yaml_lines
from apps.dashboard.pictures.standing import sent_by, standing_before
from apps.rollouts.models import PlanRecord, Rollout
from slipway.engine.diff import normalised
from slipway.engine.objects import Manifest, ObjectKey
from slipway.engine.plans import Plan, PlannedObject, Verb

_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Whole:
    kind: str
    name: str
    digest: str
    before: str  # where the left side comes from, in words
    after: str
    runs: tuple[Run, ...]


def objects_of_plan(rollout: Rollout, digest: str) -> list[ObjectKey]:
    """What may be asked for whole; nothing while there is no plan."""
    plan = _plan(rollout, digest)
    return sorted((item.key for item in plan.objects), key=str) if plan else []


def whole_object(rollout: Rollout, digest: str, key: str) -> Whole:
    """Secrets as digests. Raises NotFound for what the plan does not hold."""
    plan = _plan(rollout, digest)
    item = next((item for item in plan.objects if str(item.key) == key), None) if plan else None
    if plan is None or item is None:
        raise NotFound("This plan holds no such object.")
    standing = standing_before(rollout)
    moved = {rename.after: rename.before for rename in renames(plan.objects, standing)}
    before = standing.get(moved.get(item.key, item.key))
    after, source = _after(rollout, plan, item, before)
    return Whole(
        kind=item.key.kind,
        name=item.key.name,
        digest=plan.digest,
        before=_before_words(item, before),
        after=source,
        runs=_runs(before, after),
    )


def _plan(rollout: Rollout, digest: str) -> Plan | None:
    record = (
        PlanRecord.objects.filter(rollout_id=rollout.id, digest=digest or rollout.plan_digest)
        .order_by("-number")
        .first()
    )
    return Plan.from_json(record.body["plan"]) if record else None


def _after(
    rollout: Rollout, plan: Plan, item: PlannedObject, before: Manifest | None
) -> tuple[Manifest | None, str]:
    if item.verb is Verb.PRUNE:
        return None, "It is deleted."
    if item.verb is Verb.REFUSE:
        return before, "It is refused, so it stays as it is."
    if rollout.slot_at is not None and plan.digest == rollout.plan_digest:
        sent = sent_by(rollout).get(item.key)
        if sent is not None:
            return sent, "As this rollout sends it."
    if before is None and not any(not change.path for change in item.changes):
        return None, "Only its changes are stored, not the rest of it."
    if any(not change.path for change in item.changes):
        return with_plan({}, item.changes), "As this plan makes it."
    return with_plan(before or {}, item.changes), "The same, with this plan's changes."


def _before_words(item: PlannedObject, before: Manifest | None) -> str:
    if before is not None:
        return "As it was applied before, which need not be all that the cluster made of it."
    return "It was not there." if item.verb is Verb.CREATE else "What was applied before is not stored."


def _runs(before: Manifest | None, after: Manifest | None) -> tuple[Run, ...]:
    old = list(yaml_lines(normalised(masked(before)))) if before else []
    new = list(yaml_lines(normalised(masked(after)))) if after else []
    if not old:
        return added(new)
    return compare_lines(old, new, context=_ALL) if new else removed(old)
