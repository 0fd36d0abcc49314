"""Letting a rollout through without its approvals, and looking at it afterwards: what one may press, what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.approvals.overriding import overrides_of
from apps.approvals.separation import rules_for
from apps.dashboard.words import count
from apps.organizations.access import Actor, Right, decide
from apps.rollouts.models import Rollout
from slipway.engine.phases import Phase

if TYPE_CHECKING:
    from apps.dashboard.pictures.actions import Action, Confirmation

_HOLDS = {"approval", "hours"}
FINDINGS = (("justified", "It was justified"), ("not-justified", "It was not"))


def override_actions(actor: Actor, rollout: Rollout) -> list[Action]:
    """Shown to those who may: to everybody else they would only be in the way."""
    from apps.dashboard.pictures.actions import Action

    place = {"environment_id": rollout.environment_id, "application_id": rollout.application_id}
    held = any(reason["gate"] in _HOLDS and reason["answer"] == "wait" for reason in rollout.reasons)
    waits = rollout.phase == Phase.WAITING and held
    found: list[Action] = []
    lane = waits and rules_for(rollout).emergency_approvals and not rollout.policy.get("emergency")
    if lane and decide(actor, Right.START, **place).allowed:
        found.append(Action("emergency", "Emergency lane", ""))
    if waits and decide(actor, Right.BREAK_GLASS, **place).allowed:
        found.append(Action("break-glass", "Break the glass", "", "danger"))
    owed = [override for override in overrides_of(rollout) if override.reviewed_at is None]
    if owed:
        may = decide(actor, Right.APPROVE, **place)
        own = "Somebody else reviews it: you did it yourself." if owed[0].by_id == actor.user_id else ""
        found.append(Action("after-review", "After-review", own or ("" if may.allowed else may.why)))
    return found


def override_confirmation(rollout: Rollout, name: str, what: str) -> Confirmation:
    """Precondition: `name` is one of the three."""
    from apps.dashboard.pictures.actions import Confirmation

    rules = rules_for(rollout)
    told = "Everybody who may approve here is told, and it is written in the audit."
    owes = f"Somebody else reviews it within {count(rules.review_hours, 'hour')}"
    place = rollout.environment.slug
    if name == "break-glass":
        return Confirmation(
            name,
            f"Break the glass for {what}?",
            (
                "It begins without its approvals and at this hour.",
                told,
                f"{owes}; until then nobody breaks the glass again.",
            ),
            "Break the glass",
            "danger",
            "Why, in words that everybody reads",
            plan_digest=rollout.plan_digest,
            environment=place,
        )
    if name == "emergency":
        needed = count(rules.emergency_approvals, "approval")
        return Confirmation(
            name,
            f"Take the emergency lane with {what}?",
            (f"For a security fix: it needs {needed} and begins at any hour.", told, f"{owes}."),
            "Take the emergency lane",
            "danger",
            "Which weakness it fixes",
            environment=place,
        )
    override = next(iter(overrides_of(rollout)), None)
    said = f"{override.by_label} wrote: “{override.reason}”" if override is not None else ""
    return Confirmation(
        name,
        f"What did you find of {what}?",
        tuple(part for part in (said, "Your finding is kept, whatever it is.") if part),
        "Keep the finding",
        "primary",
        "What you found",
        findings=FINDINGS,
    )
