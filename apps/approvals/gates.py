"""What approvals say when a rollout's gates are asked: facts read under its lock, judged by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.approvals.choices import OverrideKind
from apps.approvals.models import Approval, Override
from apps.approvals.separation import Excluded, excluded_from, rules_for
from apps.environments.rules import DAYS, clock
from apps.rollouts.models import Rollout
from slipway.engine.approving import Tally, Voice, tally
from slipway.engine.gates import ApprovalFacts, GateAnswer, approvals, hours
from slipway.engine.hours import next_open


def approval_gate(rollout: Rollout, now: datetime) -> list[GateAnswer]:
    """The registry's source."""
    if not rollout.approvals_needed:
        return []
    rules = rules_for(rollout)
    teams = () if rollout.policy.get("emergency") else rules.teams
    excluded = excluded_from(rollout)
    result = standing_of(rollout, excluded, now)
    facts = ApprovalFacts(
        needed=max(rollout.approvals_needed, len(teams)),
        plan_digest=rollout.plan_digest,
        approved_by=tuple(voice.label for voice in result.counted),
        rejected_by=tuple(decision.by for decision in decisions_in_force(rollout) if not decision.approved),
        may_approve=f"a releaser, an owner or somebody granted to approve here{_left_out(excluded)}",
        missing_teams=result.missing if teams else (),
        broken_by=_broken_by(rollout),
        unknown=excluded.unknown,
        excluded=tuple(sorted(str(person) for person in excluded.ids)),
        expires_at=result.next_expiry,
    )
    return [approvals(facts)]


def _broken_by(rollout: Rollout) -> str:
    """Over another plan it says nothing."""
    if not rollout.policy.get("overridden"):
        return ""
    found = Override.objects.filter(
        rollout_id=rollout.id, kind=OverrideKind.BREAK_GLASS, plan_digest=rollout.plan_digest
    ).first()
    return found.by_label if found is not None else ""


def decisions_in_force(rollout: Rollout) -> list[Approval]:
    """On the plan in force, oldest first."""
    return list(
        Approval.objects.filter(
            rollout_id=rollout.id, plan_digest=rollout.plan_digest, expired_at__isnull=True
        ).order_by("decided_at")
    )


def standing_of(rollout: Rollout, excluded: Excluded, now: datetime) -> Tally:
    """Asked anew each time: what is live may have changed since, and with it whose commits come."""
    voices = [
        Voice(decision.by, frozenset(decision.teams), decision.decided_at)
        for decision in decisions_in_force(rollout)
        if decision.approved and not {decision.person_id, decision.for_person_id} & excluded.ids
    ]
    return tally(rules_for(rollout), voices, now)


def hours_gate(rollout: Rollout, now: datetime) -> list[GateAnswer]:
    """The registry's source: when rollouts may begin here, approved or not."""
    rules = rules_for(rollout)
    if not rules.days or rollout.policy.get("emergency") or _broken_by(rollout):
        return []
    zone = ZoneInfo(rules.zone)
    opens_at = next_open(rules.days, rules.opens, rules.closes, zone, now)
    words = f"{_span(rules.days)} {clock(rules.opens)}–{clock(rules.closes)} ({rules.zone})"
    next_words = f"{opens_at.astimezone(zone):%a %d %b %H:%M}" if opens_at else ""
    return [hours(opens_at=opens_at, words=words, next_words=next_words)]


def _span(days: Sequence[int]) -> str:
    """ "mon–fri", or each by its name."""
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{DAYS[days[0]]}–{DAYS[days[-1]]}"
    return ", ".join(DAYS[day] for day in days)


def _left_out(excluded: Excluded) -> str:
    names = excluded.names
    return f" (not {', '.join(names)})" if names else ""
