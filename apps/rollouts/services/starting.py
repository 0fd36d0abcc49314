"""Rollouts begin here: by a person, by the pipeline's policy, or as the way back of one that ended badly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.audit.services import Audit, By, take_rollout_number
from apps.core.ids import uuid7
from apps.core.problems import Conflict, Invalid
from apps.environments.models import Environment, Target
from apps.organizations.access import Actor, Right, authorize
from apps.releases.models import Release
from apps.rollouts.models import Rollout
from apps.rollouts.services.recording import commit_rollout, label_of
from apps.rollouts.services.sources import last_good_release
from apps.rollouts.services.waking import wake
from slipway.engine.phases import QUEUED, Kind, Phase
from slipway.engine.state import EngineEvent
from slipway.engine.transitions import Trigger, next_phase


@dataclass(frozen=True, slots=True)
class Start:
    """`rollout` is what now stands in the queue; `created` is False when the same start was there already."""

    rollout: Rollout
    created: bool
    superseded: Rollout | None = None


def start_rollout(
    actor: Actor, target: Target, release: Release, *, kind: Kind = Kind.FORWARD, why: str = ""
) -> Start:
    """A person puts a release on a target. Precondition: `target` comes from its door.

    A waiting rollout of an older release is superseded and told so; a second start of the same release is the
    first one again. Raises Forbidden, Invalid, Conflict.
    """
    unattended = target.environment.approvals_needed == 0
    authorize(
        actor,
        Right.START_UNAPPROVED if unattended and kind is Kind.FORWARD else Right.START,
        environment_id=target.environment_id,
        application_id=target.application_id,
    )
    return _start(actor.by, target, release, kind=kind, why=why, automatic=False)


def start_automatically(by: By, target: Target, release: Release, *, why: str) -> Start:
    """The pipeline starts a release by policy. Never on a target that needs a person."""
    if target.needs_person_since is not None:
        raise Conflict(f"This target needs a person: {target.needs_person_sentence}")
    return _start(by, target, release, kind=Kind.FORWARD, why=why, automatic=True)


def roll_back(actor: Actor, target: Target, release: Release, *, why: str = "") -> Start:
    """To any earlier release. Gates are skipped only when it is the one that last succeeded here."""
    authorize(actor, Right.STEER, environment_id=target.environment_id, application_id=target.application_id)
    if not Rollout.objects.filter(target_id=target.id, release_id=release.id, phase=Phase.SUCCEEDED).exists():
        raise Invalid(f"{release.version} never succeeded on this target, so there is nothing to go back to.")
    return _start(actor.by, target, release, kind=Kind.ROLLBACK, why=why, automatic=False)


def _start(by: By, target: Target, release: Release, *, kind: Kind, why: str, automatic: bool) -> Start:
    if release.application_id != target.application_id:
        raise Invalid("The release belongs to another application.")
    with transaction.atomic():
        target = (
            Target.objects.select_for_update(of=("self",), no_key=True)
            .select_related("application", "environment", "cluster")
            .get(id=target.id)
        )
        if target.removed_at is not None:
            raise Conflict(f"{target.environment.name} no longer stands on {target.cluster.name}.")
        now = timezone.now()
        queued = _queued_on(target)
        if queued is not None and queued.release_id == release.id and queued.kind == kind:
            return Start(queued, created=False)
        active = (
            Rollout.objects.filter(id=target.active_rollout_id).first() if target.active_rollout_id else None
        )
        if active is not None and active.release_id == release.id and active.kind == kind:
            return Start(active, created=False)
        if queued is not None:
            _supersede(queued, release.version, by, now)
        rollout = _new(target, release, kind=kind, by=by, why=why, automatic=automatic, now=now)
        commit_rollout(
            rollout,
            by=by,
            at=now,
            before="",
            events=[EngineEvent("requested", {"by": by.label, "why": why, "kind": str(kind)})],
            audits=[
                Audit(
                    "rollout.start", "rollout", label_of(rollout), rollout.id, after=_facts(rollout), why=why
                )
            ],
        )
        wake(rollout)
    return Start(rollout, created=True, superseded=queued)


def begin_way_back(undone: Rollout, *, by: By, at: datetime) -> Rollout:
    """In the transaction that ends `undone`: the slot passes to its way back and is never free in between.

    Precondition: `undone` is locked, terminal and saved, and names a way back.
    """
    release = undone.way_back_release
    if release is None:
        raise ValueError("There is no release to go back to.")
    rollout = _new(
        undone.target, release, kind=Kind.ROLLBACK, by=by, why=undone.end_reason or "", automatic=True, now=at
    )
    rollout.undoes = undone
    rollout.phase = Phase.PROGRESSING
    rollout.slot_at = at
    rollout.approvals_needed = 0
    rollout.sentence = f"Taking back: {undone.end_reason}"[:1000]
    commit_rollout(
        rollout,
        by=by,
        at=at,
        before="",
        events=[
            EngineEvent(
                "requested", {"by": by.label, "why": rollout.why, "kind": "rollback", "undoes": undone.number}
            )
        ],
        audits=[Audit("rollout.way-back", "rollout", label_of(rollout), rollout.id, after=_facts(rollout))],
    )
    wake(rollout, urgent=True)
    return rollout


def policy_of(environment: Environment) -> dict[str, Any]:
    """Frozen into the rollout: later edits of the environment change later rollouts only."""
    return {
        "strategy": environment.strategy,
        "progress_deadline_seconds": environment.progress_deadline_seconds,
        "bake_seconds": environment.bake_seconds,
        "wait_for_addresses": environment.wait_for_addresses,
        "delete_limit": environment.delete_limit,
        "delivery_mode": environment.delivery_mode,
        "approval_rules": environment.approval_rules,
    }


def _new(
    target: Target, release: Release, *, kind: Kind, by: By, why: str, automatic: bool, now: datetime
) -> Rollout:
    environment = target.environment
    live = last_good_release(target)
    # A rollback that fails stops and calls a person, so it has no way back; to what stands there it skips the gates.
    way_back = live if kind is not Kind.ROLLBACK else None
    skips_gates = kind is Kind.ROLLBACK and live is not None and live.id == release.id
    return Rollout(
        id=uuid7(),
        organization_id=target.organization_id,
        number=take_rollout_number(),
        target=target,
        application=target.application,
        environment=environment,
        release=release,
        from_release=live,
        from_number=target.live_number,
        kind=str(kind),
        automatic=automatic,
        phase=Phase.PENDING,
        phase_since=now,
        sentence="Asked for; planning comes next.",
        next_check_at=now,
        requested_by_id=by.id,
        requested_by_label=by.label,
        why=why,
        production=environment.production,
        approvals_needed=0 if skips_gates else environment.approvals_needed,
        policy={
            **policy_of(environment),
            "way_back_label": f"{way_back.version}" if way_back else "",
        },
        way_back_release=way_back,
        created_at=now,
    )


def _queued_on(target: Target) -> Rollout | None:
    found: Rollout | None = (
        Rollout.objects.select_for_update(of=("self",), no_key=True)
        .filter(target_id=target.id, phase__in=[str(phase) for phase in QUEUED])
        .select_related("application", "environment", "release", "target")
        .first()
    )
    return found


def _supersede(queued: Rollout, version: str, by: By, now: datetime) -> None:
    before = queued.phase
    queued.phase = next_phase(Phase(queued.phase), Trigger.SUPERSEDE)
    queued.phase_since = queued.ended_at = now
    queued.superseded_by_label = version
    queued.sentence = queued.end_reason = f"Superseded by {version}, asked for by {by.label}."
    queued.next_check_at = None
    commit_rollout(
        queued,
        by=by,
        at=now,
        before=before,
        events=[EngineEvent("phase", {"phase": "superseded", "sentence": queued.sentence})],
    )


def _facts(rollout: Rollout) -> dict[str, Any]:
    return {
        "number": rollout.number,
        "release": rollout.release.version,
        "release_digest": bytes(rollout.release.digest).hex(),
        "from": rollout.from_release.version if rollout.from_release else None,
        "kind": rollout.kind,
        "automatic": rollout.automatic,
        "approvals_needed": rollout.approvals_needed,
    }
