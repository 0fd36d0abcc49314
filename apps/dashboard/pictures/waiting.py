"""What waits for one person: plans to decide on, numbers to type, targets that need somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.approvals.models import Approval
from apps.dashboard.marks import Mark
from apps.dashboard.words import count
from apps.environments.models import Target
from apps.organizations.access import Actor, Right, decide
from apps.rollouts.models import PlanRecord, Rollout
from slipway.engine.phases import Phase
from slipway.engine.plans import Plan, Verb

MOST = 50


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


def waiting_for(actor: Actor) -> list[Waiting]:
    """Oldest first."""
    return [*_decisions(actor), *_people_needed(actor)]


def _decisions(actor: Actor) -> list[Waiting]:
    rows = list(
        Rollout.objects.filter(phase=Phase.WAITING)
        .select_related("application", "release", "environment")
        .order_by("created_at")[: MOST * 4]
    )
    decided = set(
        Approval.objects.filter(rollout__in=rows, person_id=actor.user_id).values_list(
            "rollout_id", "plan_digest"
        )
    )
    found = []
    for row in rows:
        held = [reason for reason in row.reasons if reason["answer"] != "pass"]
        if not any(_is_asked(actor, row, reason["gate"], decided) for reason in held):
            continue
        words = " · ".join([reason["sentence"] for reason in held] + _plan_words(row))
        found.append(_waiting(row, words[:1].upper() + words[1:]))
    return found[:MOST]


def _is_asked(actor: Actor, row: Rollout, gate: str, decided: set[tuple[object, str]]) -> bool:
    if gate == "approval":
        return (
            row.requested_by_id != actor.user_id
            and (row.id, row.plan_digest) not in decided
            and decide(actor, Right.APPROVE, environment_id=row.environment_id).allowed
        )
    return gate == "deletions" and decide(actor, Right.START, environment_id=row.environment_id).allowed


def _plan_words(row: Rollout) -> list[str]:
    record = PlanRecord.objects.filter(rollout_id=row.id, digest=row.plan_digest).order_by("-number").first()
    if record is None:
        return []
    counts = Plan.from_json(record.body["plan"]).counts
    changed = sum(counts[verb] for verb in (Verb.CHANGE, Verb.CREATE, Verb.REPLACE))
    return [
        f"{count(changed, 'object')} {'changes' if changed == 1 else 'change'}, {counts[Verb.PRUNE] or 'none'} deleted"
    ]


def _waiting(row: Rollout, words: str) -> Waiting:
    return Waiting(
        id=f"waiting-{row.id}",
        mark=Mark("waiting", "waits for you"),
        application=row.application.name,
        version=row.release.version,
        environment=row.environment.name,
        words=words,
        since=row.phase_since,
        rollout_number=row.number,
        button="Review",
        application_slug=row.application.slug,
    )


def _people_needed(actor: Actor) -> list[Waiting]:
    rows = (
        Target.objects.filter(needs_person_since__isnull=False, removed_at__isnull=True)
        .select_related("application", "environment")
        .order_by("needs_person_since")[:MOST]
    )
    found = []
    for row in rows:
        if not decide(actor, Right.STEER, environment_id=row.environment_id).allowed:
            continue
        last = (
            Rollout.objects.filter(target_id=row.id).select_related("release").order_by("-created_at").first()
        )
        found.append(
            Waiting(
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
            )
        )
    return found
