"""What one person may press on a rollout now, what is greyed and why, and what each press will do, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from apps.approvals.models import Approval
from apps.dashboard.pictures.consequences import (
    abort_words,
    change_words,
    restart_words,
    undone_words,
    way_back_words,
    written_words,
)
from apps.dashboard.pictures.overrides import override_actions, override_confirmation
from apps.dashboard.words import count
from apps.organizations.access import Actor, Right, decide
from apps.releases.models import Release
from apps.rollouts.models import Rollout
from apps.rollouts.selectors import actions_for, plan_of
from slipway.engine.phases import Phase
from slipway.engine.transitions import Trigger, allows

_KEYS = {
    "approve": "y",
    "reject": "n",
    "pause": "p",
    "resume": "p",
    "retry": "t",
    "roll-back": "b",
    "stop": "s",
    "abort": "A",
    "confirm-deletions": "d",
}


@dataclass(frozen=True, slots=True)
class Action:
    name: str
    label: str
    why_not: str  # "" when it may be pressed
    look: str = ""  # primary, danger

    @property
    def key(self) -> str:
        """The keyboard's. Each only asks."""
        return _KEYS.get(self.name, "")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the dialog says before anything happens."""

    name: str
    title: str
    sentences: tuple[str, ...]
    button: str
    look: str
    asks_why: str  # the label of the comment's field, "" for none
    plan_digest: str = ""
    releases: tuple[Release, ...] = ()  # to choose from
    number: int | None = None  # to be typed
    environment: str = ""  # its short name, to be typed
    findings: tuple[tuple[str, str], ...] = ()  # of an after-review, to choose from


def actions_on(actor: Actor, rollout: Rollout) -> list[Action]:
    """Only what makes sense in this phase; of that, what is not allowed is greyed with its reason."""
    phase = Phase(rollout.phase)
    why = actions_for(actor, rollout)
    wish = _wish(rollout)
    found: list[Action] = []
    if phase is Phase.WAITING and rollout.approvals_needed:
        decided = _decided(actor, rollout)
        found.append(Action("approve", "Approve", decided or why["approve"], "primary"))
        # Who asked may still say no.
        no = decide(
            actor, Right.APPROVE, environment_id=rollout.environment_id, application_id=rollout.application_id
        )
        found.append(Action("reject", "Reject", decided or ("" if no.allowed else no.why), "danger"))
    found += override_actions(actor, rollout)
    if _asks_number(rollout):
        start = decide(
            actor, Right.START, environment_id=rollout.environment_id, application_id=rollout.application_id
        )
        found.append(Action("confirm-deletions", "Confirm deletions", "" if start.allowed else start.why))
    if allows(phase, Trigger.ABORT):
        found.append(Action("abort", "Abort", wish or why["abort"], "danger"))
    if rollout.first_write_at and allows(phase, Trigger.STOP_HERE):
        found.append(Action("stop", "Stop here", wish or why["stop"]))
    if allows(phase, Trigger.PAUSE):
        asked = "A pause is asked for." if rollout.pause_requested_at else ""
        found.append(Action("pause", "Pause", wish or asked or why["pause"]))
    if allows(phase, Trigger.RESUME):
        found.append(Action("resume", "Resume", wish or why["resume"], "primary"))
    if phase in {Phase.FAILED, Phase.ERRORED, Phase.ABORTED}:
        found.append(Action("retry", "Try again", why["retry"], "primary"))
    if phase is Phase.SUCCEEDED and (earlier := earlier_releases(rollout)):
        taken = "" if rollout.target.live_rollout_id == rollout.id else "Something newer is live here."
        label = f"Roll back to {earlier[0].version}"
        found.append(Action("roll-back", label, why["roll_back"] or taken))
    return found


def confirmation(rollout: Rollout, name: str) -> Confirmation:
    """Precondition: `name` is one of the actions' names."""
    planned = plan_of(rollout)
    plan = planned[0] if planned else None
    what = f"{rollout.application.name} {rollout.release.version} in {rollout.environment.name}"
    back = rollout.way_back_release.version if rollout.way_back_release else ""
    match name:
        case "break-glass" | "emergency" | "after-review":
            return override_confirmation(rollout, name, what)
        case "approve":
            numbers = f"{change_words(plan)} {restart_words(rollout, plan)}".strip()
            sentences = (numbers, way_back_words(back), "It begins as soon as every gate passes.")
            return Confirmation(
                name,
                f"Approve {what}?",
                sentences,
                "Approve this plan",
                "primary",
                "Comment, kept with the approval",
                plan_digest=rollout.plan_digest,
            )
        case "reject":
            return Confirmation(
                name,
                f"Reject {what}?",
                ("This rollout ends and nothing is applied.", "A new rollout can be started at any time."),
                "Reject this plan",
                "danger",
                "Why, kept with the decision",
                plan_digest=rollout.plan_digest,
            )
        case "abort":
            return Confirmation(
                name, f"Abort {what}?", abort_words(rollout, plan, back), "Abort", "danger", "Why"
            )
        case "stop":
            kept = f"{written_words(rollout, plan)} They stay as they are."
            return Confirmation(
                name,
                f"Stop {what} where it stands?",
                (kept, "Nothing is taken back, and nothing automatic starts here until a person says so."),
                "Stop here",
                "danger",
                "Why",
            )
        case "pause":
            return Confirmation(
                name,
                f"Pause {what}?",
                (
                    "Nothing is written until it is resumed. Pods that are starting go on.",
                    "Deadlines stand still.",
                ),
                "Pause",
                "",
                "Why",
            )
        case "resume":
            return Confirmation(
                name, f"Resume {what}?", ("It goes on where it stands.",), "Resume", "primary", ""
            )
        case "retry":
            return Confirmation(
                name,
                f"Try {what} again?",
                ("A new rollout of the same release is planned and asked for its gates.",),
                "Try again",
                "primary",
                "Why",
            )
        case "confirm-deletions":
            number = plan.deleted if plan else 0
            return Confirmation(
                name,
                f"Delete {count(number, 'object')}?",
                (f"The plan of {what} deletes {count(number, 'object')}.", f"Type {number} to confirm."),
                "Confirm",
                "danger",
                "",
                number=number,
            )
        case _:
            sentence = (
                "The manifests that were applied then are applied again: what changed since is taken back, "
                "what was added is removed."
            )
            needed = rollout.environment.approvals_needed
            asked = (
                f"It is planned first and needs {count(needed, 'approval')}, not your own." if needed else ""
            )
            return Confirmation(
                name,
                f"Roll back {rollout.application.name} in {rollout.environment.name}?",
                tuple(part for part in (sentence, undone_words(rollout, plan), asked) if part),
                "Roll back",
                "danger",
                "Why",
                releases=tuple(earlier_releases(rollout)),
            )


def earlier_releases(rollout: Rollout) -> list[Release]:
    """Those that stood on this target before, the latest first."""
    found: dict[object, Release] = {}
    rows = (
        Rollout.objects.filter(target_id=rollout.target_id, phase=Phase.SUCCEEDED)
        .exclude(release_id=rollout.release_id)
        .select_related("release")
        .only("release_id", "release__version")  # 200 bundles would be megabytes
        .order_by("-created_at")[:200]
    )
    for row in rows:
        found.setdefault(row.release_id, row.release)
    ordered = list(found.values())
    if rollout.from_release_id in found:
        first = found[rollout.from_release_id]
        ordered = [first, *(release for release in ordered if release.id != first.id)]
    return ordered[:20]


def _wish(rollout: Rollout) -> str:
    if rollout.abort_requested_at:
        return f"{rollout.abort_requested_by_label} asked to abort; it is being carried out."
    return "A stop is asked for; it is being carried out." if rollout.stop_requested_at else ""


def _decided(actor: Actor, rollout: Rollout) -> str:
    known = Approval.objects.filter(
        rollout_id=rollout.id, plan_digest=rollout.plan_digest, person_id=actor.user_id
    ).first()
    if known is None:
        return ""
    return "You approved this plan." if known.approved else "You rejected this plan."


def _asks_number(rollout: Rollout) -> bool:
    return rollout.phase == Phase.WAITING and any(
        reason["gate"] == "deletions" and reason["answer"] != "pass" for reason in rollout.reasons
    )
