"""A plan as a page shows it: its objects ordered by how much they matter, a page of them in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator

from apps.approvals.models import Approval
from apps.dashboard.differences.images import image_moves
from apps.dashboard.differences.objects import MARKS, ObjectChange, object_change
from apps.dashboard.differences.renames import Rename, may_be_renamed, renames
from apps.dashboard.marks import Mark
from apps.dashboard.pictures.standing import Standing, standing_before
from apps.rollouts.models import PlanRecord, Rollout
from slipway.engine.plans import Plan, PlannedObject, Verb

ON_ROLLOUT_PAGE = 40  # its plan is pushed whole with every change
ON_REVIEW_PAGE = 50
_MOST_LINES_OPEN = 160  # beyond that objects begin closed: one reads their heads first
_ORDER = (Verb.REFUSE, Verb.PRUNE, Verb.REPLACE, Verb.CHANGE, Verb.CREATE, Verb.KEEP, Verb.UNCHANGED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of the plan, before it is worked out in full."""

    item: PlannedObject
    rename: Rename | None = None

    @property
    def verb(self) -> Verb:
        return Verb.CHANGE if self.rename else self.item.verb


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    number: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class PlanPicture:
    digest: str
    made_at: datetime
    sentence: str
    way_back: str
    changes: tuple[ObjectChange, ...]  # of this page
    total: int  # objects in the plan that are not unchanged
    page: Page[Entry]
    opened: bool  # whether objects begin open
    unchanged: int
    images: tuple[tuple[str, int], ...]
    verbs: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def more(self) -> int:
        return self.page.paginator.count - len(self.changes)


@dataclass(frozen=True, slots=True)
class DecisionLine:
    by: str
    mark: Mark
    comment: str
    at: datetime
    void: bool  # it was about another plan
    about: str = ""  # what was decided on, in numbers, as they were then


def plan_picture(
    plan: Plan,
    record: PlanRecord,
    rollout: Rollout,
    *,
    page: str = "1",
    verb: str = "",
    kind: str = "",
    size: int = ON_ROLLOUT_PAGE,
    standing: Standing | None = None,
) -> PlanPicture:
    if standing is None:
        standing = standing_before(rollout) if needs_standing(plan.objects) else {}
    entries = entries_of(plan.objects, standing)
    wanted = [
        entry
        for entry in entries
        if (not verb or entry.verb == verb) and (not kind or entry.item.key.kind == kind)
    ]
    chosen = Paginator(wanted, size).get_page(page)
    changes = changes_of(list(chosen), standing, plan.objects)
    return PlanPicture(
        digest=plan.digest,
        made_at=record.made_at,
        sentence=plan.sentence,
        way_back=plan.way_back_label,
        changes=changes,
        total=len(entries),
        page=chosen,
        opened=sum(change.size for change in changes) <= _MOST_LINES_OPEN,
        unchanged=plan.counts[Verb.UNCHANGED],
        images=tuple(image_moves(plan.objects)[:3]),
        verbs=_verbs(entries, verb),
        kinds=_kinds(entries, kind),
        problems=plan.problems,
        notes=plan.notes,
    )


def needs_standing(objects: Sequence[PlannedObject]) -> bool:
    """Whether what was applied before tells something that the plan does not: opening it is not free."""
    return may_be_renamed(objects) or any(item.verb is Verb.PRUNE for item in objects)


def entries_of(objects: Sequence[PlannedObject], standing: Standing) -> list[Entry]:
    """Worst first; two names of one ConfigMap or Secret are one entry."""
    moved = {rename.after: rename for rename in renames(objects, standing)}
    replaced = {rename.before for rename in moved.values()}
    entries = [
        Entry(item, moved.get(item.key))
        for item in objects
        if item.verb is not Verb.UNCHANGED and not (item.verb is Verb.PRUNE and item.key in replaced)
    ]
    return sorted(entries, key=lambda entry: _ORDER.index(entry.verb))


def changes_of(
    entries: Sequence[Entry], standing: Standing, objects: Sequence[PlannedObject]
) -> tuple[ObjectChange, ...]:
    names = {rename.before.name: rename.after.name for rename in renames(objects, standing)}
    return tuple(
        object_change(entry.item, rename=entry.rename, standing=standing, names=names) for entry in entries
    )


def decisions_on(rollout: Rollout) -> tuple[DecisionLine, ...]:
    """Oldest first; a decision on a plan that is no longer in force is void."""
    rows = Approval.objects.filter(rollout_id=rollout.id).order_by("decided_at")
    if rollout.as_of is not None:
        rows = rows.filter(decided_at__lte=rollout.as_of)
    return tuple(
        DecisionLine(
            by=decision.by,
            mark=Mark("healthy", "approved") if decision.approved else Mark("failed", "rejected"),
            comment=decision.comment,
            at=decision.decided_at,
            void=decision.plan_digest != rollout.plan_digest,
            about=_about(decision),
        )
        for decision in rows
    )


def _about(decision: Approval) -> str:
    counts = decision.plan_facts.get("counts", {})
    changed = [f"{counts[verb]} {MARKS[verb].word}" for verb in _ORDER if verb in counts and verb in MARKS]
    return f"plan {decision.plan_number}: {', '.join(changed)}" if changed else ""


def _verbs(entries: Sequence[Entry], chosen: str) -> tuple[Choice, ...]:
    numbers = Counter(entry.verb for entry in entries)
    return tuple(
        Choice(str(verb), MARKS[verb].word, numbers[verb], str(verb) == chosen)
        for verb in _ORDER
        if numbers[verb]
    )


def _kinds(entries: Sequence[Entry], chosen: str) -> tuple[Choice, ...]:
    numbers = Counter(entry.item.key.kind for entry in entries)
    return tuple(Choice(kind, kind, number, kind == chosen) for kind, number in sorted(numbers.items()))
