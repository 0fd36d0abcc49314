from __future__ import annotations

from uuid import UUID

from celery import shared_task

from apps.pipelines import services


@shared_task(name="pipelines.release_made")
def release_made(organization: str, release: str) -> None:
    services.promote_release(UUID(organization), UUID(release), succeeded_in=None)


@shared_task(name="pipelines.rollout_succeeded")
def rollout_succeeded(organization: str, release: str, environment: str) -> None:
    services.promote_release(UUID(organization), UUID(release), succeeded_in=UUID(environment))
