from __future__ import annotations

from uuid import UUID

from celery import shared_task

from apps.rollouts.services import advancing, sweeping


@shared_task(name="rollouts.advance")
def advance(organization: str, rollout: str) -> None:
    advancing.advance(UUID(organization), UUID(rollout))


@shared_task(name="rollouts.sweep")
def sweep() -> None:
    sweeping.sweep()


@shared_task(name="rollouts.make_event_months")
def make_event_months() -> None:
    sweeping.make_event_months()
