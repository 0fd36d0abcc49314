"""The inbox of decisions: what waits for me, what I asked and others decide, what was decided lately."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from apps.approvals.models import Approval
from apps.approvals.services import Outcome
from apps.dashboard.marks import Mark, phase_mark
from apps.dashboard.pictures.asking import asked_of, own_waiting
from apps.dashboard.pictures.plan_counts import PlanCounts, plan_counts_of
from apps.dashboard.words import capital, count, shortened
from apps.environments.models import Environment
from apps.organizations.access import Actor, Right, decide
from apps.rollouts.models import Rollout

PAGE_SIZE = 30
Rows = TypeVar("Rows", QuerySet[Rollout], QuerySet[Approval])
_PLAINLY = "the plan is not approved yet"  # that it is in this list says so
SHOWS = ("mine", "asked", "decided")


@dataclass(frozen=True, slots=True)
class Sought:
    """What the address asks for."""

    show: str = "mine"
    name: str = ""  # a part of an application's name
    environment: str = ""  # a slug
    page: str = "1"
    look: int | None = None  # the rollout that is looked at
    plan: str = ""  # and the digest of the plan that was

    @property
    def narrowed(self) -> bool:
        return bool(self.name or self.environment)


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the list."""

    id: str
    number: int
    digest: str
    application: str
    version: str
    environment: str
    mark: Mark
    words: str
    by: str
    at: datetime
    pick: str  # what its box sends: the rollout and the digest that is signed; "" where nothing can be approved here
    pick_id: str  # another plan is another box, so that a chosen one is never quietly about something else
    asks_number: bool  # it waits for a number of deletions to be typed
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalsPicture:
    show: str
    sought: Sought
    requests: tuple[Request, ...]
    page: Page[Rollout] | Page[Approval]
    mine: int
    asked: int
    environments: tuple[Environment, ...]

    @property
    def picks(self) -> int:
        return sum(1 for request in self.requests if request.pick)


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    mark: Mark
    sentence: str
    number: int


def approvals_picture(actor: Actor, sought: Sought) -> ApprovalsPicture:
    page: Page[Rollout] | Page[Approval]
    if sought.show == "decided":
        rows = _narrowed(_decided(), sought, "rollout__")
        decided: Page[Approval] = Paginator(rows, PAGE_SIZE).get_page(sought.page)
        requests, page = tuple(_decision(row) for row in decided), decided
    else:
        waiting = asked_of(actor) if sought.show == "mine" else own_waiting(actor)
        waiting = _narrowed(waiting.select_related("application", "release", "environment"), sought, "")
        waiting = waiting.defer("progress", "policy", "release__sealed_bundle")
        chosen: Page[Rollout] = Paginator(waiting, PAGE_SIZE).get_page(sought.page)
        requests, page = _waiting(actor, list(chosen)), chosen
    return ApprovalsPicture(
        show=sought.show,
        sought=sought,
        requests=requests,
        page=page,
        mine=asked_of(actor).count(),
        asked=own_waiting(actor).count(),
        environments=tuple(Environment.objects.order_by("position")),
    )


def outcome_lines(outcomes: Sequence[Outcome], *, approved: bool) -> tuple[OutcomeLine, ...]:
    """Each decision's own sentence, in the order in which they were chosen."""
    numbers = [outcome.wish.number for outcome in outcomes]
    known = {
        row.number: row
        for row in Rollout.objects.filter(number__in=numbers)
        .select_related("application", "release", "environment")
        .defer("progress", "policy", "release__sealed_bundle")
    }
    lines = []
    for outcome in outcomes:
        row = known.get(outcome.wish.number)
        name = _name(row) if row else f"Rollout {outcome.wish.number}"
        if outcome.problem is None:
            word = "approved" if approved else "rejected"
            lines.append(OutcomeLine(Mark("healthy", word), f"{name}: {word}.", outcome.wish.number))
        else:
            sentence = f"{name}: {_small(outcome.problem.sentence)}"
            lines.append(OutcomeLine(Mark("errored", "not decided"), sentence, outcome.wish.number))
    return tuple(lines)


def outcome_sentence(lines: Sequence[OutcomeLine], *, approved: bool) -> str:
    """ "2 of 3 approved." """
    done = sum(1 for line in lines if line.mark.look == "healthy")
    word = "approved" if approved else "rejected"
    if done == len(lines):
        return f"{count(done, 'plan')} {word}."
    return f"{done or 'None'} of {len(lines)} {word}; nothing of the others was done."


def _decided() -> QuerySet[Approval]:
    rows: QuerySet[Approval] = Approval.objects.select_related(
        "rollout__application", "rollout__release", "rollout__environment"
    )
    return rows.defer("rollout__progress", "rollout__policy", "rollout__release__sealed_bundle").order_by(
        "-decided_at", "-id"
    )


def _narrowed(rows: Rows, sought: Sought, prefix: str) -> Rows:
    if sought.name:
        rows = rows.filter(**{f"{prefix}application__name__icontains": sought.name})
    if sought.environment:
        rows = rows.filter(**{f"{prefix}environment__slug": sought.environment})
    return rows


def _waiting(actor: Actor, rows: Sequence[Rollout]) -> tuple[Request, ...]:
    counts = plan_counts_of(rows)
    decided = set(
        Approval.objects.filter(rollout__in=rows, person_id=actor.user_id).values_list(
            "rollout_id", "plan_digest"
        )
    )
    return tuple(_request(actor, row, counts.get(row.id), decided) for row in rows)


def _request(
    actor: Actor, row: Rollout, counts: PlanCounts | None, decided: Iterable[tuple[object, str]]
) -> Request:
    held = [reason for reason in row.reasons if reason["answer"] != "pass"]
    gates = {reason["gate"] for reason in held}
    may = (
        "approval" in gates
        and row.requested_by_id != actor.user_id
        and not any(str(actor.user_id) in reason.get("not_by", ()) for reason in held)
        and (row.id, row.plan_digest) not in decided
        and decide(
            actor, Right.APPROVE, environment_id=row.environment_id, application_id=row.application_id
        ).allowed
    )
    words = [_held(reason["sentence"]) for reason in held if reason["sentence"] != _PLAINLY]
    if counts:
        verb = "changes" if counts.changed == 1 else "change"
        words.insert(0, f"{count(counts.changed, 'object')} {verb}, {counts.deleted or 'none'} deleted")
    if not may:
        who = list(dict.fromkeys(reason["unblocked_by"] for reason in held if reason.get("unblocked_by")))
        words += [f"waits for {' and '.join(who)}"] if who else []
    text = " · ".join(words)
    return Request(
        id=f"request-{row.id}",
        number=row.number,
        digest=row.plan_digest,
        application=row.application.name,
        version=row.release.version,
        environment=row.environment.name,
        mark=Mark("waiting", "waits for you" if may else "waiting"),
        words=capital(text),
        by=row.requested_by_label,
        at=row.phase_since,
        pick=f"{row.number}:{row.plan_digest}" if may else "",
        pick_id=f"pick-{row.number}-{shortened(row.plan_digest, 6).replace('…', '-')}",
        asks_number="deletions" in gates
        and decide(
            actor, Right.START, environment_id=row.environment_id, application_id=row.application_id
        ).allowed,
    )


def _decision(row: Approval) -> Request:
    rollout = row.rollout
    became = phase_mark(rollout.phase, rollout.kind)
    mark = Mark("healthy", "approved") if row.approved else Mark("failed", "rejected")
    words = f"{row.by} {mark.word} it"
    if row.plan_digest != rollout.plan_digest:
        words += "; void: the plan changed since"
    else:
        words += f"; the rollout is {became.word}"
    return Request(
        id=f"decision-{row.id}",
        number=rollout.number,
        digest=row.plan_digest,
        application=rollout.application.name,
        version=rollout.release.version,
        environment=rollout.environment.name,
        mark=mark,
        words=words,
        by=rollout.requested_by_label,
        at=row.decided_at,
        pick="",
        pick_id="",
        asks_number=False,
        comment=row.comment,
    )


def _name(row: Rollout) -> str:
    return f"{row.application.name} {row.release.version} → {row.environment.name}"


def _held(sentence: str) -> str:
    return sentence.rstrip(".")


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
