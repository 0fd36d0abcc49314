"""Beginning without what the environment asks for: break-glass, the emergency lane, and the after-review both owe.

Locks: the rollout's row, then the organization's head, last. That no two glasses are broken before the first was
looked at is held by a unique index, so two at once on two rollouts need no lock in common.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from apps.approvals.choices import OverrideKind
from apps.approvals.models import Override
from apps.approvals.separation import rules_for
from apps.audit.services import Audit
from apps.core.problems import Conflict, Forbidden, Invalid, Outdated
from apps.organizations.access import Actor, Right
from apps.rollouts.access import access_rollout
from apps.rollouts.models import Rollout
from apps.rollouts.services.recording import commit_rollout, label_of
from apps.rollouts.services.waking import wake
from slipway.engine.phases import QUEUED, Phase
from slipway.engine.state import EngineEvent


def break_glass(
    actor: Actor, identifier: UUID | int, *, plan_digest: str, reason: str, environment: str
) -> Override:
    """An owner begins exactly the plan named, without approvals and at any hour. `environment` is its short name, typed.

    Again over another plan is the same override, signed anew. Raises Conflict while an earlier one is not reviewed.
    """
    with transaction.atomic():
        rollout = access_rollout(actor, identifier, Right.BREAK_GLASS, lock=True)
        reason = _checked(rollout, reason, environment)
        _check_waiting(rollout)
        if plan_digest != rollout.plan_digest:
            raise Outdated("The plan changed since you looked; look at what is different and decide again.")
        now = timezone.now()
        found: Override | None = Override.objects.filter(
            rollout_id=rollout.id, kind=OverrideKind.BREAK_GLASS
        ).first()
        if found is not None and found.reviewed_at is not None:
            raise Conflict("It was overridden once and looked at since; start it anew.")
        if found is not None and found.plan_digest == plan_digest:
            return found
        if found is None:
            refuse_until_reviewed(now, any_open=True)
            found = _made(rollout, OverrideKind.BREAK_GLASS, actor, reason, now)
        found.plan_digest, found.by_id, found.by_label = plan_digest, actor.user_id, actor.label
        found.save(update_fields=["plan_digest", "by_id", "by_label"])
        _commit(
            rollout, actor, "break-glass", f"{actor.label} broke the glass: “{reason[:200]}”", reason, now
        )
    return found


def declare_emergency(actor: Actor, identifier: UUID | int, *, reason: str, environment: str) -> Override:
    """A security fix takes the lane with fewer approvals. Nobody who is left out may approve there either."""
    with transaction.atomic():
        rollout = access_rollout(actor, identifier, Right.START, lock=True)
        reason = _checked(rollout, reason, environment)
        needed = rules_for(rollout).emergency_approvals
        if not needed:
            raise Conflict(f"{rollout.environment.name} has no emergency lane.")
        if Phase(rollout.phase) not in QUEUED or rollout.abort_requested_at is not None:
            raise Conflict(f"The rollout is {rollout.phase}; nothing waits for approvals.")
        found = Override.objects.filter(rollout_id=rollout.id, kind=OverrideKind.EMERGENCY).first()
        if found is not None:
            again: Override = found
            return again
        now = timezone.now()
        refuse_until_reviewed(now, any_open=False)
        made = _made(rollout, OverrideKind.EMERGENCY, actor, reason, now)
        rollout.approvals_needed = min(rollout.approvals_needed, needed)
        rollout.policy["emergency"] = True
        _commit(
            rollout,
            actor,
            "emergency",
            f"{actor.label} took the emergency lane: “{reason[:200]}”",
            reason,
            now,
        )
    return made


def review_override(actor: Actor, identifier: UUID | int, *, justified: bool, comment: str) -> Override:
    """The after-review that a rollout owes, by somebody who may approve there and did not let it through."""
    with transaction.atomic():
        rollout = access_rollout(actor, identifier, Right.APPROVE, lock=True)
        overrides = Override.objects.filter(rollout_id=rollout.id).order_by(
            F("reviewed_at").desc(nulls_first=True)
        )
        override = overrides.first()
        if override is None:
            raise Conflict("It went the ordinary way: no after-review is owed.")
        override.rollout = rollout
        if override.by_id == actor.user_id:
            raise Forbidden("Somebody else reviews it: you did it yourself.")
        if override.reviewed_at is not None:
            raise Conflict(f"{override.reviewed_by_label} reviewed it already.")
        if not comment.strip():
            sentence = "Say what you found: an after-review is read later."
            raise Invalid(sentence, fields={"comment": sentence})
        now = timezone.now()
        override.reviewed_at, override.justified, override.review = now, justified, comment[:4000]
        override.reviewed_by_id, override.reviewed_by_label = actor.user_id, actor.label
        override.save()
        word = "justified" if justified else "not justified"
        _commit(
            rollout,
            actor,
            "after-review",
            f"{actor.label} found it {word}: “{comment[:200]}”",
            comment,
            now,
            after={"justified": justified, "by": override.by_label, "reason": override.reason},
        )
    reviewed: Override = override
    return reviewed


def refuse_until_reviewed(now: datetime, *, any_open: bool) -> None:
    """Break-glass waits for every after-review that is owed, the emergency lane for those that are late."""
    owed = (
        Override.objects.filter(reviewed_at__isnull=True).select_related("rollout").order_by("review_due_at")
    )
    if not any_open:
        owed = owed.filter(review_due_at__lte=now)
    first = owed.first()
    if first is not None:
        raise Conflict(_owed(first))


def overrides_of(rollout: Rollout) -> list[Override]:
    """Oldest first."""
    if not rollout.policy.get("overridden"):
        return []
    return list(Override.objects.filter(rollout_id=rollout.id).order_by("at"))


def _owed(override: Override) -> str:
    return (
        f"Rollout {override.rollout.number}, which {override.by_label} let through, waits for its after-review; "
        f"until somebody else has done it there is no other."
    )


def _checked(rollout: Rollout, reason: str, environment: str) -> str:
    wrong = {}
    if not reason.strip():
        wrong["reason"] = "Say why: everybody who may approve is told."
    if environment.strip() != rollout.environment.slug:
        wrong["environment"] = f"Type {rollout.environment.slug} to say where."
    if wrong:
        raise Invalid(" ".join(wrong.values()), fields=wrong)
    return reason.strip()[:4000]


def _check_waiting(rollout: Rollout) -> None:
    if rollout.phase != Phase.WAITING:
        raise Conflict(f"The rollout is {rollout.phase}; nothing waits to be let through.")
    if rollout.abort_requested_at is not None:
        raise Conflict(f"{rollout.abort_requested_by_label} asked to abort it; nothing waits any more.")


def _made(rollout: Rollout, kind: OverrideKind, actor: Actor, reason: str, now: datetime) -> Override:
    try:
        with transaction.atomic():
            made: Override = Override.objects.create(
                organization_id=rollout.organization_id,
                rollout=rollout,
                kind=kind,
                by_id=actor.user_id,
                by_label=actor.label,
                reason=reason,
                at=now,
                review_due_at=now + timedelta(hours=rules_for(rollout).review_hours),
            )
    except IntegrityError:
        # Another one, on another rollout, was quicker by a moment.
        first = Override.objects.filter(reviewed_at__isnull=True).select_related("rollout").first()
        raise Conflict(_owed(first) if first else "Somebody else was quicker; look again.") from None
    rollout.policy["overridden"] = True  # whoever shows or judges it looks for the override only then
    return made


def _commit(
    rollout: Rollout,
    actor: Actor,
    word: str,
    sentence: str,
    why: str,
    now: datetime,
    *,
    after: dict[str, object] | None = None,
) -> None:
    if rollout.ended_at is None:
        rollout.next_check_at = now
    commit_rollout(
        rollout,
        by=actor.by,
        at=now,
        before=rollout.phase,
        events=[EngineEvent(word, {"by": actor.label, "sentence": sentence, "plan": rollout.plan_digest})],
        audits=[
            Audit(
                f"rollout.{word}",
                "rollout",
                label_of(rollout),
                rollout.id,
                after=after or {"plan": rollout.plan_digest},
                why=why,
            )
        ],
        act=(f"rollout.{word}", sentence),
    )
    if rollout.ended_at is None:
        wake(rollout)
