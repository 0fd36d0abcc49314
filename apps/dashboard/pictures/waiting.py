"""What waits for one person: plans to decide on, numbers to type, targets that need somebody; and what became of what
they asked for themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from apps.approvals.choices import OverrideKind
from apps.approvals.models import Override
from apps.dashboard.marks import Mark, phase_mark
from apps.dashboard.pictures.asking import asked_of, owed_reviews, own_failures, own_waiting, people_needed
from apps.dashboard.pictures.plan_counts import PlanCounts, plan_counts_of
from apps.dashboard.words import capital, count
from apps.environments.models import Target
from apps.organizations.access import Actor
from apps.rollouts.models import Rollout

_BULKY = ("rollout__progress", "rollout__policy", "rollout__release__sealed_bundle")
MOST = 50
SHOWN = 5  # on home; the rest is on the page of approvals


@dataclass(frozen=True, slots=True)
class Waiting:
    id: str
    mark: Mark
    application: str
    version: str
    environment: str
    words: str
    since: datetime | None
    rollout_number: int | None
    button: str
    application_slug: str
    lift: UUID | None = None  # the target whose mark may be lifted


@dataclass(frozen=True, slots=True)
class Inbox:
    waiting: tuple[Waiting, ...]
    decisions: int  # of all that wait, shown or not
    needed: int  # of all targets that need somebody
    own: tuple[Waiting, ...]  # asked for by this person: failed, or waiting for somebody else
    own_count: int

    @property
    def count(self) -> int:
        return self.decisions + self.needed

    @property
    def more_decisions(self) -> int:
        return self.decisions - sum(1 for item in self.waiting if not item.lift)

    @property
    def more_needed(self) -> int:
        return self.needed - sum(1 for item in self.waiting if item.lift)

    @property
    def own_more(self) -> int:
        return self.own_count - len(self.own)


def inbox_of(actor: Actor) -> Inbox:
    """A handful of each; the counts are exact."""
    waiting = waiting_for(actor, most=SHOWN)
    own, own_number = _own(actor, {item.id for item in waiting})
    return Inbox(tuple(waiting), decisions_count(actor), people_needed(actor).count(), tuple(own), own_number)


def waiting_count(actor: Actor) -> int:
    """Exact, in three counts over partial indexes."""
    return asked_of(actor).count() + people_needed(actor).count() + owed_reviews(actor).count()


def decisions_count(actor: Actor) -> int:
    """What is in the inbox of approvals: the number in the rail."""
    return asked_of(actor).count()


def waiting_for(actor: Actor, *, most: int = MOST) -> list[Waiting]:
    """Oldest first."""
    asked = list(asked_of(actor).select_related("application", "release", "environment")[:most])
    needed = list(people_needed(actor).select_related("application", "environment")[:most])
    counts = plan_counts_of(asked)
    last = {
        row.target_id: row
        for row in Rollout.objects.filter(number__in=[row.last_rollout_number or 0 for row in needed])
        .select_related("release")
        .only("number", "target_id", "organization_id", "release__version")
    }
    found = [_decision(row, counts.get(row.id)) for row in asked]
    found += [_needed(row, last.get(row.id)) for row in needed]
    owed = owed_reviews(actor).select_related(
        "rollout__application", "rollout__release", "rollout__environment"
    )
    found += [_owed(row) for row in owed.defer(*_BULKY)[:most]]
    return sorted(found, key=lambda item: (item.since is None, item.since))[:most]


def _decision(row: Rollout, counts: PlanCounts | None) -> Waiting:
    held = [reason["sentence"].rstrip(".") for reason in row.reasons if reason["answer"] != "pass"]
    words = " · ".join([*held, *([_plan_words(counts)] if counts else [])])
    return _waiting(row, Mark("waiting", "waits for you"), words, button="Review")


def _owed(row: Override) -> Waiting:
    how = "broke the glass" if row.kind == OverrideKind.BREAK_GLASS else "took the emergency lane"
    words = f"{row.by_label} {how}: “{row.reason[:200]}” · look at it by {row.review_due_at:%d %b %H:%M} UTC"
    shown = _waiting(row.rollout, Mark("failed", "after-review"), words, button="Look", since=row.at)
    return replace(shown, id=f"waiting-{row.id}")


def _plan_words(counts: PlanCounts) -> str:
    verb = "changes" if counts.changed == 1 else "change"
    return f"{count(counts.changed, 'object')} {verb}, {counts.deleted or 'none'} deleted"


def _needed(row: Target, last: Rollout | None) -> Waiting:
    return Waiting(
        id=f"waiting-{row.id}",
        mark=Mark("failed", "needs a person"),
        application=row.application.name,
        version=last.release.version if last else "",
        environment=row.environment.name,
        words=row.needs_person_sentence.rstrip("."),
        since=row.needs_person_since,
        rollout_number=last.number if last else None,
        button="Why",
        application_slug=row.application.slug,
        lift=row.id,
    )


def _own(actor: Actor, shown: set[str]) -> tuple[list[Waiting], int]:
    """Newest trouble first. What stands above already is not said twice."""
    failed = [row for row in own_failures(actor) if f"waiting-{row.target_id}" not in shown]
    waiting = own_waiting(actor)
    items = [_failure(row) for row in failed[:SHOWN]]
    if left := SHOWN - len(items):
        rows = waiting.select_related("application", "release", "environment")[:left]
        items += [_held_by_others(row) for row in rows]
    return items, len(failed) + waiting.count()


def _failure(row: Rollout) -> Waiting:
    taken_back = row.back == "succeeded"  # type: ignore[attr-defined]  # annotated by own_failures
    words = (row.end_reason or row.sentence or row.phase).rstrip(".")
    words += f" · taken back to {row.way_back_release.version}" if taken_back and row.way_back_release else ""
    return _waiting(row, phase_mark(row.phase), words, button="Why", since=row.ended_at)


def _held_by_others(row: Rollout) -> Waiting:
    held = [reason for reason in row.reasons if reason["answer"] != "pass"]
    who = list(dict.fromkeys(reason["unblocked_by"] for reason in held if reason.get("unblocked_by")))
    words = " · ".join(reason["sentence"].rstrip(".") for reason in held)
    return _waiting(
        row,
        Mark("waiting", "waits for somebody else"),
        f"{words}; waits for {' and '.join(who)}" if who else words,
        button="Look",
    )


def _waiting(row: Rollout, mark: Mark, words: str, *, button: str, since: datetime | None = None) -> Waiting:
    return Waiting(
        id=f"waiting-{row.id}",
        mark=mark,
        application=row.application.name,
        version=row.release.version,
        environment=row.environment.name,
        words=capital(words),
        since=since or row.phase_since,
        rollout_number=row.number,
        button=button,
        application_slug=row.application.slug,
    )
