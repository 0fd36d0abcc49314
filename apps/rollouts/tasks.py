from __future__ import annotations

from datetime import datetime
from uuid import UUID

from celery import shared_task

from apps.core.ticks import tick
from apps.rollouts.services import advancing, cleaning, sweeping


@shared_task(name="rollouts.advance")
def advance(organization: str, rollout: str, timer: str = "") -> None:
    """`timer` is the moment for which a look was booked; a look that came in between voids it."""
    booked = datetime.fromisoformat(timer) if timer else None
    advancing.advance(UUID(organization), UUID(rollout), timer=booked)


@shared_task(name="rollouts.clean_up")
def clean_up(organization: str, rollout: str) -> None:
    cleaning.clean_up(UUID(organization), UUID(rollout))


@shared_task(name="rollouts.sweep")
def sweep() -> None:
    sweeping.sweep()
    tick("rollouts.sweep")


@shared_task(name="rollouts.make_event_months")
def make_event_months() -> None:
    sweeping.make_event_months()
