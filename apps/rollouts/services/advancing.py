"""The loop: observe ▸ decide ▸ commit ▸ act, one bounded pass per task. Idempotent, fenced, woken by many."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.utils import timezone

from apps.core import scopes
from apps.rollouts.models import Rollout
from apps.rollouts.services import leases, waking
from apps.rollouts.services.leases import FencedOut, Lease
from apps.rollouts.services.looking import look
from apps.rollouts.services.settling import plan_in_force, settle
from slipway.engine.state import Command, Decision
from slipway.engine.transitions import Trigger

log = structlog.get_logger(__name__)

_PASS = timedelta(seconds=20)  # what is left then is another pass's
_TIMER_REACH = timedelta(seconds=20)  # beyond it the sweeper is the timer
_BACK_OFF = timedelta(seconds=10)


def advance(organization_id: UUID, rollout_id: UUID, *, timer: datetime | None = None) -> str:
    """One pass. Answers the phase it left the rollout in, "" when another worker has it."""
    lease = leases.acquire(organization_id, rollout_id, timer=timer)
    if lease is None:
        return ""
    structlog.contextvars.bind_contextvars(rollout=str(rollout_id))
    decision: Decision | None = None
    knocked = False
    try:
        decision = _rounds(lease)
    except FencedOut:
        log.info("fenced_out")
        return ""
    except Exception:
        # A mistake of ours or a database that is away: tried again by the sweeper, not in a circle.
        _back_off(lease)
        raise
    finally:
        structlog.contextvars.unbind_contextvars("rollout")
        knocked = leases.release(lease)
    if decision is None or decision.ends:
        return str(decision.state.phase) if decision is not None else ""
    if knocked or decision.command is not Command.NONE:
        waking.send(organization_id, rollout_id)
    elif decision.check_again_at is not None and decision.check_again_at - timezone.now() < _TIMER_REACH:
        waking.send(organization_id, rollout_id, timer=decision.check_again_at)
    return str(decision.state.phase)


def _rounds(lease: Lease) -> Decision | None:
    decision: Decision | None = None
    command = Command.NONE
    began = timezone.now()
    with scopes.organization(lease.organization_id):
        rollout = _load(lease)
        plan = plan_in_force(rollout)
    while timezone.now() - began < _PASS:
        if not lease.has_time():
            lease = leases.renew(lease)
        seen = look(lease, command, rollout, plan)
        decision, rollout, plan = settle(lease, seen)
        command = decision.command
        if command is Command.NONE and Trigger.PLAN_CHANGED not in decision.triggers:
            break
    return decision


def _back_off(lease: Lease) -> None:
    try:
        with scopes.organization(lease.organization_id):
            leases.lock_under(lease)
            Rollout.objects.filter(id=lease.rollout_id).update(next_check_at=timezone.now() + _BACK_OFF)
    except Exception as error:  # noqa: BLE001  the first error is the one to be told about
        log.warning("no_back_off", error=type(error).__name__)


def _load(lease: Lease) -> Rollout:
    """What else it refers to is read where it is needed: a join of ten tables takes longer to plan than all of that."""
    found: Rollout | None = (
        Rollout.objects.filter(id=lease.rollout_id).select_related("target__cluster").first()
    )
    if found is None:
        raise FencedOut
    return found
