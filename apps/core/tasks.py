from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.core import outbox, scopes
from apps.core.models import IdempotencyKey

KEYS_KEPT = timedelta(days=2)


@shared_task(name="core.deliver")
def deliver(organization: str, message: str) -> None:
    outbox.deliver(UUID(organization), UUID(message))


@shared_task(name="core.forget_keys")
def forget_keys() -> None:
    """A write is repeated within minutes, not days."""
    with scopes.system("forget old idempotency keys"):
        IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEYS_KEPT).delete()
