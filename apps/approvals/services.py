"""Decisions on a plan. Race-safe by the rollout's lock: an approval counts only for the plan in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.approvals.delegating import giver_for
from apps.approvals.gates import standing_of
from apps.approvals.models import Approval
from apps.approvals.plan_facts import facts_of_plan
from apps.approvals.separation import excluded_from, rules_for
from apps.audit.services import Audit
from apps.core import scopes
from apps.core.problems import Conflict, Forbidden, Invalid, Outdated, Problem
from apps.organizations.access import Actor, Right
from apps.rollouts.access import access_rollout
from apps.rollouts.models import Rollout
from apps.rollouts.services.recording import commit_rollout, label_of
from apps.rollouts.services.waking import wake
from slipway.engine.approving import ApprovalRules
from slipway.engine.phases import Phase
from slipway.engine.state import EngineEvent


def decide(
    actor: Actor,
    identifier: UUID | int,
    *,
    plan_digest: str,
    approved: bool,
    comment: str = "",
    on_behalf_of: UUID | None = None,
) -> Approval:
    """Approves or rejects exactly the plan that `plan_digest` names. Raises Outdated when another is in force.

    The same decision twice is the first one again; who asked for a rollout does not approve it. `on_behalf_of` is the
    member whose voice was given to this person: theirs are the right and the teams, and both must be free to decide.
    """
    with transaction.atomic():
        voice = giver_for(actor, on_behalf_of) if on_behalf_of else actor
        rollout = access_rollout(voice, identifier, Right.APPROVE, lock=True)
        known = Approval.objects.filter(
            rollout_id=rollout.id, plan_digest=plan_digest, person_id=actor.user_id, expired_at__isnull=True
        ).first()
        own = voice.user_id if voice is not actor else None
        same = known is not None and (known.approved, known.for_person_id) == (approved, own)
        if known is not None and same and not has_expired(known, rules_for(rollout)):
            found: Approval = known
            return found
        if rollout.phase != Phase.WAITING:
            raise Conflict(f"The rollout is {rollout.phase}; nothing waits for a decision.")
        if rollout.abort_requested_at is not None:
            raise Conflict(
                f"{rollout.abort_requested_by_label} asked to abort it; nothing waits for a decision."
            )
        if plan_digest != rollout.plan_digest:
            raise Outdated("The plan changed since you looked; look at what is different and decide again.")
        if not rollout.approvals_needed:
            raise Conflict("No approval is needed here.")
        rules = rules_for(rollout)
        if approved:
            _may_approve(rollout, actor, voice)
        if rules.comment_required and not comment.strip():
            sentence = (
                f"{rollout.environment.name} asks for a comment with each decision: say what you checked."
            )
            raise Invalid(sentence, fields={"comment": sentence})
        now = timezone.now()
        if known is not None:
            if not has_expired(known, rules):
                raise Conflict("You have decided on this plan already.")
            known.expired_at = now
            known.save(update_fields=["expired_at"])
        _check_voice(rollout, actor, voice)
        facts = facts_of_plan(rollout)
        made: Approval = Approval.objects.create(
            organization_id=rollout.organization_id,
            rollout=rollout,
            plan_digest=plan_digest,
            person_id=actor.user_id,
            person_label=actor.label,
            approved=approved,
            comment=comment[:4000],
            decided_at=now,
            for_person_id=voice.user_id if voice is not actor else None,
            for_person_label=voice.label if voice is not actor else "",
            teams=sorted(team.slug for team in voice.teams),
            plan_number=rollout.plan_number,
            plan_facts=facts,
        )
        word = "approved" if approved else "rejected"
        rollout.next_check_at = now
        commit_rollout(
            rollout,
            by=actor.by,
            at=now,
            before=rollout.phase,
            events=[EngineEvent(word, {"by": made.by, "comment": comment, "plan": plan_digest})],
            audits=[
                Audit(
                    f"rollout.{'approve' if approved else 'reject'}",
                    "rollout",
                    label_of(rollout),
                    rollout.id,
                    after={
                        "plan": plan_digest,
                        "way_back": rollout.policy.get("way_back_label", ""),
                        "objects": facts["counts"],
                        **({"for": voice.label} if voice is not actor else {}),
                    },
                    why=comment,
                )
            ],
            act=(f"rollout.{'approve' if approved else 'reject'}", _said(made.by, word, comment)),
        )
        wake(rollout)
    return made


def _said(by: str, word: str, comment: str) -> str:
    return f"{by} {word} the plan" + (f": “{comment[:200]}”" if comment else ".")


def _may_approve(rollout: Rollout, actor: Actor, voice: Actor) -> None:
    """Admins and owners are not exempt. A voice that may not decide is not heard through somebody else either."""
    excluded = excluded_from(rollout)
    if why_not := excluded.why_not(actor.user_id):
        raise Forbidden(why_not)
    if voice is not actor and excluded.why_not(voice.user_id):
        raise Forbidden(f"{voice.label} may not approve this one, so nobody does in their place.")
    if excluded.unknown:
        raise Conflict(f"It cannot be approved: {excluded.unknown}.")
    rules = rules_for(rollout)
    if rules.teams_in_order and not rollout.policy.get("emergency"):
        missing = standing_of(rollout, excluded, timezone.now()).missing
        own = {team.slug for team in voice.teams}
        if missing and missing[0] not in own and own & set(missing):
            raise Conflict(f"First somebody of {missing[0]} approves it, then you.")


def _check_voice(rollout: Rollout, actor: Actor, voice: Actor) -> None:
    """One voice, one decision on a plan, whoever speaks it. Under the rollout's lock."""
    rows = Approval.objects.filter(
        Q(for_person_id=voice.user_id) | Q(person_id=voice.user_id, for_person_id=None),
        rollout_id=rollout.id,
        plan_digest=rollout.plan_digest,
        expired_at__isnull=True,
    )
    if (given := rows.first()) is not None and given.person_id != actor.user_id:
        whose = "You have" if voice is actor else f"{voice.label} has"
        raise Conflict(f"{whose} decided on this plan already: {given.by}.")


def has_expired(approval: Approval, rules: ApprovalRules) -> bool:
    lasting = timedelta(hours=rules.expires_hours)
    return approval.approved and bool(lasting) and timezone.now() >= approval.decided_at + lasting


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
