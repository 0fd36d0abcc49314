"""Ways to have a rollout looked at. All may be lost: its due time in the database is what the sweeper goes by."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from apps.rollouts.models import Rollout

log = structlog.get_logger(__name__)

ADVANCE = "rollouts.advance"
ABORT_QUEUE = "abort"  # a slot of its own, so that an abort never stands behind ordinary work


def wake(rollout: Rollout, *, urgent: bool = False) -> None:
    """After commit."""
    organization_id, rollout_id = rollout.organization_id, rollout.id
    transaction.on_commit(lambda: send(organization_id, rollout_id, queue=ABORT_QUEUE if urgent else ""))


def send(organization_id: UUID, rollout_id: UUID, *, queue: str = "", timer: datetime | None = None) -> None:
    """`timer` is the time at which it is due; the message is void once the rollout waits for another time."""
    from celery import current_app

    arguments = {"organization": str(organization_id), "rollout": str(rollout_id)}
    if timer is not None:
        arguments["timer"] = timer.isoformat()
    try:
        current_app.send_task(ADVANCE, kwargs=arguments, queue=queue or None, eta=timer, retry=False)
    except Exception as error:  # noqa: BLE001  whatever the broker's trouble, the sweeper finds the due row
        log.warning("wake_lost", rollout=str(rollout_id), error=type(error).__name__)
