"""What approvals say when a rollout's gates are asked: facts read under its lock, judged by the engine."""

from __future__ import annotations

from datetime import datetime

from apps.approvals.models import Approval
from apps.approvals.separation import Excluded, excluded_from, rules_for
from apps.rollouts.models import Rollout
from slipway.engine.approving import Voice, tally
from slipway.engine.gates import ApprovalFacts, GateAnswer, approvals


def approval_gate(rollout: Rollout, now: datetime) -> list[GateAnswer]:
    """The registry's source."""
    if not rollout.approvals_needed:
        return []
    rules = rules_for(rollout)
    excluded = excluded_from(rollout)
    decisions = list(
        Approval.objects.filter(
            rollout_id=rollout.id, plan_digest=rollout.plan_digest, expired_at__isnull=True
        ).order_by("decided_at")
    )
    # Asked anew each time: what is live may have changed since, and with it whose commits come.
    voices = [
        Voice(decision.by, frozenset(decision.teams), decision.decided_at)
        for decision in decisions
        if decision.approved and not {decision.person_id, decision.for_person_id} & excluded.ids
    ]
    result = tally(rules, voices, now)
    facts = ApprovalFacts(
        needed=max(rollout.approvals_needed, len(rules.teams)),
        plan_digest=rollout.plan_digest,
        approved_by=tuple(voice.label for voice in result.counted),
        rejected_by=tuple(decision.by for decision in decisions if not decision.approved),
        may_approve=f"a releaser, an owner or somebody granted to approve here{_left_out(excluded)}",
        missing_teams=result.missing,
        unknown=excluded.unknown,
        excluded=tuple(sorted(str(person) for person in excluded.ids)),
        expires_at=result.next_expiry,
    )
    return [approvals(facts)]


def _left_out(excluded: Excluded) -> str:
    names = excluded.names
    return f" (not {', '.join(names)})" if names else ""
