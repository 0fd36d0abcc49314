"""The one function that ends every change of a rollout: state, events, target's copy, stretches, feed, audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.audit.services import Audit, By, Happening, record
from apps.core.ids import uuid7
from apps.core.wake import announce
from apps.environments.models import Target
from apps.rollouts.models import Event, Rollout, TargetRelease
from slipway.engine.phases import ACTIVE, Phase
from slipway.engine.state import EngineEvent


def commit_rollout(
    rollout: Rollout,
    *,
    by: By,
    at: datetime,
    before: str,
    events: Sequence[EngineEvent] = (),
    audits: Sequence[Audit] = (),
    needs_person: str = "",
    act: tuple[str, str] | None = None,
) -> None:
    """Precondition: inside the organization's scope, the rollout's row is locked (or new) and its fields are set.

    `before` is the phase it had. Saves it, appends the events with the next numbers, keeps the target's copy of
    "now" and the stretches in step, and takes the organization's head last. `act` is a person's act for the feed: its
    kind (rollout.approve) and its sentence.
    """
    _append(rollout, events, at, now=_now(rollout))
    rollout.save()
    changed = rollout.phase != before
    if changed or needs_person:
        _copy_to_target(rollout, at, needs_person)
    if rollout.phase == Phase.SUCCEEDED and changed:
        _begin_stretch(rollout, at)
    happenings = [_happening(rollout, *act)] if act else []
    if changed:
        happenings.append(_happening(rollout, "rollout.phase", rollout.sentence))
    audits = list(audits)
    if changed:
        audits.append(
            Audit(
                f"rollout.{rollout.phase}",
                "rollout",
                label_of(rollout),
                rollout.id,
                before={"phase": before},
                after={"phase": rollout.phase, "plan": rollout.plan_digest, "sentence": rollout.sentence},
                why=rollout.end_reason or rollout.why,
            )
        )
    if events:
        _announce(rollout)
    record(by, audits=audits, happenings=happenings, at=at)


def record_observation(rollout: Rollout, events: Sequence[EngineEvent], *, at: datetime) -> None:
    """What was seen is an event alone: nothing that is decided changes, so it takes no lease and no head.

    Precondition: inside the organization's scope, the rollout's row is locked and its `progress` is set.
    """
    _append(rollout, events, at, now={"sentence": rollout.sentence})
    rollout.save(update_fields=["progress", "event_number"])
    _announce(rollout)


def label_of(rollout: Rollout) -> str:
    return f"{rollout.application.slug} {rollout.release.version} → {rollout.environment.slug}"


def _now(rollout: Rollout) -> dict[str, Any]:
    """What a page shows of the row and no kind of event tells: with it the events alone can be played back."""
    return {
        "phase": str(rollout.phase),
        "sentence": rollout.sentence,
        "reasons": rollout.reasons,
        "step": rollout.step,
        "plan": rollout.plan_digest,
        "plans": rollout.plan_number,
        "approvals_needed": rollout.approvals_needed,
        "paused": rollout.pause_requested_at is not None,
    }


def _append(rollout: Rollout, events: Sequence[EngineEvent], at: datetime, *, now: dict[str, Any]) -> None:
    """The last event of a change says how things stand after it, whole: a sentence also changes without an event."""
    rows = []
    for event in events:
        rollout.event_number += 1
        rows.append(
            Event(
                organization_id=rollout.organization_id,
                rollout_id=rollout.id,
                number=rollout.event_number,
                at=at,
                kind=event.kind,
                body=dict(event.body),
            )
        )
    if rows:
        rows[-1].body["now"] = now
    Event.objects.bulk_create(rows)


def _copy_to_target(rollout: Rollout, at: datetime, needs_person: str) -> None:
    target = Target.objects.select_for_update(no_key=True).get(id=rollout.target_id)
    begins = rollout.phase == Phase.PROGRESSING and target.active_rollout_id != rollout.id
    if begins and not rollout.automatic:
        # A person has taken the target up: the call for one is answered.
        target.needs_person_since, target.needs_person_sentence = None, ""
    if rollout.phase in ACTIVE:
        target.active_rollout_id, target.active_phase = rollout.id, rollout.phase
    elif target.active_rollout_id == rollout.id:
        target.active_rollout_id, target.active_phase = None, None
    if rollout.number >= (target.last_rollout_number or 0):
        target.last_rollout_number, target.last_phase = rollout.number, rollout.phase
    if needs_person:
        target.needs_person_since, target.needs_person_sentence = at, needs_person[:500]
    elif rollout.phase == Phase.SUCCEEDED:
        target.needs_person_since, target.needs_person_sentence = None, ""
    if rollout.phase == Phase.SUCCEEDED:
        target.live_release_id = rollout.release_id
        target.live_number = rollout.release.number
        target.live_version = rollout.release.version
        target.live_rollout_id = rollout.id
        target.live_since = at
        target.live_by_id = rollout.requested_by_id
        target.live_by_label = rollout.requested_by_label
    target.save()


def _begin_stretch(rollout: Rollout, at: datetime) -> None:
    """Closes the open stretch and opens the next, half-open, never backwards even if the clock steps back."""
    stretches = TargetRelease.objects.filter(target_id=rollout.target_id, voided_at__isnull=True)
    latest = stretches.aggregate(latest=Max("valid_from"))["latest"]
    begins = max(at, latest + timedelta(microseconds=1)) if latest else at
    earlier = stretches.filter(valid_to__isnull=True).first()
    if earlier is not None:
        earlier.valid_to = begins
        earlier.save(update_fields=["valid_to"])
    release = rollout.release
    TargetRelease.objects.create(
        id=uuid7(),
        organization_id=rollout.organization_id,
        target_id=rollout.target_id,
        valid_from=begins,
        application_id=rollout.application_id,
        environment_id=rollout.environment_id,
        cluster_id=rollout.target.cluster_id,
        release=release,
        number=release.number,
        line=release.line,
        line_position=release.line_position,
        version=release.version,
        from_release_id=earlier.release_id if earlier else None,
        from_number=earlier.number if earlier else None,
        rollout_id=rollout.id,
        by_id=rollout.requested_by_id,
        by_label=rollout.requested_by_label,
        source="rollout",
    )


def _happening(rollout: Rollout, kind: str, sentence: str) -> Happening:
    body: dict[str, Any] = {
        "number": rollout.number,
        "label": label_of(rollout),
        "kind": rollout.kind,
        "sentence": sentence,
    }
    return Happening(
        kind,
        rollout_id=rollout.id,
        application_id=rollout.application_id,
        environment_id=rollout.environment_id,
        phase=rollout.phase,
        body=body,
    )


def _announce(rollout: Rollout) -> None:
    """A wake-up for live views: stream and number, never content. Lost ones are found by comparing heads."""
    stream, number = f"rollout.{rollout.id}", rollout.event_number
    transaction.on_commit(lambda: announce(stream, number))
