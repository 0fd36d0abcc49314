"""The plan in force, grouped by what happens to the objects, and the decisions on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.approvals.models import Approval
from apps.dashboard.marks import Mark
from apps.dashboard.words import count
from apps.rollouts.models import PlanRecord, Rollout
from slipway.engine.plans import Plan, PlannedObject, Verb

MOST_CHANGES = 60

_GROUPS = (
    (Verb.REFUSE, "Refused", Mark("failed", "refused")),
    (Verb.PRUNE, "Deleted", Mark("errored", "deleted")),
    (Verb.REPLACE, "Replaced: deleted and made anew", Mark("errored", "replaced")),
    (Verb.CHANGE, "Changed", Mark("progressing", "changed")),
    (Verb.CREATE, "Created", Mark("healthy", "created")),
    (Verb.KEEP, "Kept, though the release no longer has it", Mark("aborted", "kept")),
)


@dataclass(frozen=True, slots=True)
class Change:
    path: str
    before: object
    after: object
    was_there: bool
    stays: bool


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    kind: str
    name: str
    namespace: str
    summary: str
    changes: tuple[Change, ...]
    more: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    mark: Mark
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PlanPicture:
    digest: str
    made_at: datetime
    sentence: str
    way_back: str
    groups: tuple[Group, ...]
    unchanged: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionLine:
    by: str
    mark: Mark
    comment: str
    at: datetime
    void: bool  # it was about another plan


def plan_picture(plan: Plan, record: PlanRecord) -> PlanPicture:
    groups = []
    for verb, title, mark in _GROUPS:
        lines = tuple(_line(item) for item in plan.objects if item.verb is verb)
        if lines:
            groups.append(Group(title, mark, lines))
    return PlanPicture(
        digest=plan.digest,
        made_at=record.made_at,
        sentence=plan.sentence,
        way_back=plan.way_back_label,
        groups=tuple(groups),
        unchanged=plan.counts[Verb.UNCHANGED],
        problems=plan.problems,
        notes=plan.notes,
    )


def decisions_on(rollout: Rollout) -> tuple[DecisionLine, ...]:
    """Oldest first; a decision on a plan that is no longer in force is void."""
    rows = Approval.objects.filter(rollout_id=rollout.id).order_by("decided_at")
    if rollout.as_of is not None:
        rows = rows.filter(decided_at__lte=rollout.as_of)
    return tuple(
        DecisionLine(
            by=decision.person_label,
            mark=Mark("healthy", "approved") if decision.approved else Mark("failed", "rejected"),
            comment=decision.comment,
            at=decision.decided_at,
            void=decision.plan_digest != rollout.plan_digest,
        )
        for decision in rows
    )


def _line(item: PlannedObject) -> Line:
    key = item.key
    taken = [f"takes {path} over from {manager}" for path, manager in item.taken_over]
    unchecked = [] if item.checked else ["the server could not check it yet"]
    return Line(
        id=f"plan-{''.join(letter if letter.isalnum() else '-' for letter in str(key))}",
        kind=key.kind,
        name=key.name,
        namespace=key.namespace,
        summary=item.refusal or _summary(item),
        changes=tuple(
            Change(
                path=change.path or "the whole object",
                before=change.before,
                after=change.after,
                was_there=change.before is not None,
                stays=change.after is not None,
            )
            for change in item.changes[:MOST_CHANGES]
        ),
        more=max(0, len(item.changes) - MOST_CHANGES),
        notes=(*item.notes, *taken, *unchecked),
    )


def _summary(item: PlannedObject) -> str:
    """An image says more than the number of fields."""
    images = [change for change in item.changes if change.path.endswith(".image")]
    if len(images) == 1 and images[0].before and images[0].after:
        before, after = str(images[0].before), str(images[0].after)
        old, new = before.rpartition(":")[2], after.rpartition(":")[2]
        if before.rpartition(":")[0] == after.rpartition(":")[0] and len(new) < 30:
            rest = len(item.changes) - 1
            return f"{old} → {new}" + (f" · {count(rest, 'field')} more" if rest else "")
    return count(len(item.changes), "field") if item.verb in {Verb.CHANGE, Verb.REPLACE} else ""
