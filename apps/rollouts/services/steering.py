"""What a person may do with a rollout that runs. Each records the wish; the next `advance` carries it out."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.audit.services import Audit, Happening, record
from apps.core.problems import Conflict, Invalid
from apps.environments.models import Target
from apps.organizations.access import Actor, Right, authorize
from apps.rollouts.access import access_rollout, access_target
from apps.rollouts.models import Rollout
from apps.rollouts.selectors import plan_of
from apps.rollouts.services import starting
from apps.rollouts.services.recording import commit_rollout, label_of
from apps.rollouts.services.sources import last_good_release
from apps.rollouts.services.waking import wake
from slipway.engine.phases import Kind, Phase
from slipway.engine.state import EngineEvent
from slipway.engine.transitions import Trigger, allows


def abort(actor: Actor, identifier: UUID | int, *, why: str = "") -> Rollout:
    """Always wins: from here on no forward write begins. A second abort is the first one again."""
    return _wish(actor, identifier, Trigger.ABORT, why=why)


def stop_here(actor: Actor, identifier: UUID | int, *, why: str = "") -> Rollout:
    """Ends it where it stands; nothing is taken back, and the target needs a person."""
    return _wish(actor, identifier, Trigger.STOP_HERE, why=why)


def pause(actor: Actor, identifier: UUID | int, *, why: str = "") -> Rollout:
    return _wish(actor, identifier, Trigger.PAUSE, why=why)


def resume(actor: Actor, identifier: UUID | int, *, why: str = "") -> Rollout:
    return _wish(actor, identifier, Trigger.RESUME, why=why)


def retry(actor: Actor, identifier: UUID | int, *, why: str = "") -> Rollout:
    """A rollout that ended badly is tried again as a new one of the same release."""
    ended = access_rollout(actor, identifier, Right.STEER)
    if ended.phase not in {Phase.FAILED, Phase.ERRORED, Phase.ABORTED}:
        raise Conflict(
            f"Only a rollout that failed, errored or was aborted is tried again; this one is {ended.phase}."
        )
    return starting.start_rollout(actor, ended.target, ended.release, kind=Kind(ended.kind), why=why).rollout


def reapply(actor: Actor, target_id: UUID, *, why: str = "") -> Rollout:
    """The release that is live, applied once more."""
    target = access_target(actor, target_id, Right.STEER)
    release = last_good_release(target)
    if release is None:
        raise Invalid("Nothing is live on this target yet, so there is nothing to apply again.")
    return starting.start_rollout(actor, target, release, kind=Kind.REAPPLY, why=why).rollout


def confirm_deletions(actor: Actor, identifier: UUID | int, *, count: int) -> Rollout:
    """A person types how many objects the plan deletes. Another number confirms nothing, and they are told."""
    with transaction.atomic():
        rollout = access_rollout(actor, identifier, lock=True)
        # Who may start it may say so too; anything else would let a developer begin what only others can go on with.
        right = (
            Right.START
            if rollout.approvals_needed or rollout.kind != Kind.FORWARD
            else Right.START_UNAPPROVED
        )
        authorize(actor, right, environment_id=rollout.environment_id, application_id=rollout.application_id)
        if rollout.phase != Phase.WAITING:
            raise Conflict(f"The rollout is {rollout.phase}; it does not ask for a number.")
        planned = plan_of(rollout)
        deleted = planned[0].deleted if planned else 0
        if count != deleted:
            raise Invalid(
                f"The plan deletes {deleted} object{'' if deleted == 1 else 's'}, not {count}; nothing is confirmed.",
                fields={"number": f"{deleted}"},
            )
        rollout.confirmed_deletions = count
        sentence = f"{actor.label} confirmed {count} deletion{'' if count == 1 else 's'}."
        _record(rollout, actor, "rollout.confirm-deletions", sentence, urgent=False)
    return rollout


def lift_mark(actor: Actor, target_id: UUID, *, why: str) -> Target:
    """ "Needs a person" is over: policies may start rollouts here again."""
    with transaction.atomic():
        target = access_target(actor, target_id, Right.STEER, lock=True)
        if target.needs_person_since is None:
            return target
        before = target.needs_person_sentence
        target.needs_person_since, target.needs_person_sentence = None, ""
        target.save(update_fields=["needs_person_since", "needs_person_sentence"])
        label = f"{target.application.slug} in {target.environment.slug}"
        record(
            actor.by,
            audits=[Audit("target.lift-mark", "target", label, target.id, before=before, why=why)],
            happenings=[
                Happening(
                    "target.lift-mark",
                    application_id=target.application_id,
                    environment_id=target.environment_id,
                    body={"label": target.application.slug, "environment": target.environment.slug},
                )
            ],
        )
    return target


def _wish(actor: Actor, identifier: UUID | int, trigger: Trigger, *, why: str) -> Rollout:
    with transaction.atomic():
        rollout = access_rollout(actor, identifier, Right.STEER, lock=True)
        now = timezone.now()
        if rollout.abort_requested_at or (rollout.stop_requested_at and trigger is not Trigger.ABORT):
            return rollout
        if not allows(Phase(rollout.phase), trigger):
            if trigger is Trigger.ABORT and rollout.phase == Phase.ABORTED:
                return rollout
            raise Conflict(f"The rollout is {rollout.phase}; there is nothing to {trigger}.")
        if trigger is Trigger.ABORT:
            rollout.abort_requested_at = now
            rollout.abort_requested_by_id = actor.user_id
            rollout.abort_requested_by_label = actor.label
        elif trigger is Trigger.STOP_HERE:
            rollout.stop_requested_at = now
        else:
            rollout.pause_requested_at = now if trigger is Trigger.PAUSE else None
        action = str(trigger).replace(" ", "-")
        # Said at once, whoever holds the rollout at this moment and for however long.
        rollout.sentence = f"{actor.label} asked to {trigger}."
        _record(rollout, actor, f"rollout.{action}", rollout.sentence, why=why)
    return rollout


def _record(
    rollout: Rollout, actor: Actor, action: str, sentence: str, *, why: str = "", urgent: bool = True
) -> None:
    now = timezone.now()
    rollout.next_check_at = now
    commit_rollout(
        rollout,
        by=actor.by,
        at=now,
        before=rollout.phase,
        events=[EngineEvent(action.partition(".")[2], {"by": actor.label, "sentence": sentence, "why": why})],
        audits=[Audit(action, "rollout", label_of(rollout), rollout.id, why=why)],
        act=(action, sentence),
    )
    wake(rollout, urgent=urgent)
