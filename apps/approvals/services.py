"""Decisions on a plan. Race-safe by the rollout's lock: an approval counts only for the plan in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.approvals.models import Approval
from apps.audit.services import Audit
from apps.core import scopes
from apps.core.problems import Conflict, Forbidden, Outdated, Problem
from apps.organizations.access import Actor, Right
from apps.rollouts.access import access_rollout
from apps.rollouts.models import Rollout
from apps.rollouts.services.recording import commit_rollout, label_of
from apps.rollouts.services.waking import wake
from slipway.engine.gates import ApprovalFacts, GateAnswer, approvals
from slipway.engine.phases import Phase
from slipway.engine.state import EngineEvent


def decide(
    actor: Actor, identifier: UUID | int, *, plan_digest: str, approved: bool, comment: str = ""
) -> Approval:
    """Approves or rejects exactly the plan that `plan_digest` names. Raises Outdated when another is in force.

    The same decision twice is the first one again; who asked for a rollout does not approve it.
    """
    with transaction.atomic():
        rollout = access_rollout(actor, identifier, Right.APPROVE, lock=True)
        known = Approval.objects.filter(
            rollout_id=rollout.id, plan_digest=plan_digest, person_id=actor.user_id
        ).first()
        if known is not None and known.approved == approved:
            found: Approval = known
            return found
        if rollout.phase != Phase.WAITING:
            raise Conflict(f"The rollout is {rollout.phase}; nothing waits for a decision.")
        if plan_digest != rollout.plan_digest:
            raise Outdated("The plan changed since you looked; look at what is different and decide again.")
        if not rollout.approvals_needed:
            raise Conflict("No approval is needed here.")
        if approved and rollout.requested_by_id == actor.user_id:
            raise Forbidden("Who asked for a rollout does not approve it.")
        if known is not None:
            raise Conflict("You have decided on this plan already.")
        made: Approval = Approval.objects.create(
            organization_id=rollout.organization_id,
            rollout=rollout,
            plan_digest=plan_digest,
            person_id=actor.user_id,
            person_label=actor.label,
            approved=approved,
            comment=comment[:4000],
        )
        word = "approved" if approved else "rejected"
        now = timezone.now()
        rollout.next_check_at = now
        commit_rollout(
            rollout,
            by=actor.by,
            at=now,
            before=rollout.phase,
            events=[EngineEvent(word, {"by": actor.label, "comment": comment, "plan": plan_digest})],
            audits=[
                Audit(
                    f"rollout.{'approve' if approved else 'reject'}",
                    "rollout",
                    label_of(rollout),
                    rollout.id,
                    after={"plan": plan_digest, "way_back": rollout.policy.get("way_back_label", "")},
                    why=comment,
                )
            ],
            act=(f"rollout.{'approve' if approved else 'reject'}", _said(actor, word, comment)),
        )
        wake(rollout)
    return made


def _said(actor: Actor, word: str, comment: str) -> str:
    return f"{actor.label} {word} the plan" + (f": “{comment[:200]}”" if comment else ".")


def approval_gate(rollout: Rollout, now: datetime) -> list[GateAnswer]:
    """The registry's source: read under the rollout's lock, judged by the engine."""
    if not rollout.approvals_needed:
        return []
    decisions = list(
        Approval.objects.filter(rollout_id=rollout.id, plan_digest=rollout.plan_digest).order_by("decided_at")
    )
    # A policy has no hand to approve with, so there is nobody to leave out.
    left_out = "" if rollout.automatic else f" (not {rollout.requested_by_label})"
    facts = ApprovalFacts(
        needed=rollout.approvals_needed,
        plan_digest=rollout.plan_digest,
        approved_by=tuple(decision.person_label for decision in decisions if decision.approved),
        rejected_by=tuple(decision.person_label for decision in decisions if not decision.approved),
        may_approve=f"a releaser, an owner or somebody granted to approve here{left_out}",
    )
    return [approvals(facts)]


@dataclass(frozen=True, slots=True)
class Wish:
    """One of several decisions: which rollout, and the digest of the plan that was looked at."""

    number: int
    plan_digest: str


@dataclass(frozen=True, slots=True)
class Outcome:
    wish: Wish
    problem: Problem | None  # None: it is decided


def decide_several(
    actor: Actor, wishes: Sequence[Wish], *, approved: bool, comment: str = ""
) -> list[Outcome]:
    """Each by `decide`, in the order given, and each in a transaction of its own: one that is refused leaves the others
    decided, and nobody waits for all of them. Precondition: no transaction is open, or they would share it."""
    outcomes = []
    for wish in wishes:
        try:
            with scopes.organization(actor.organization_id):
                decide(actor, wish.number, plan_digest=wish.plan_digest, approved=approved, comment=comment)
        except Problem as problem:
            outcomes.append(Outcome(wish, problem))
        else:
            outcomes.append(Outcome(wish, None))
    return outcomes
