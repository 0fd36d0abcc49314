"""Tasks that a change asks for, sent by name once the change is committed.

The row is the promise, the message after commit is the quick way: whatever the quick way loses (a crash between
commit and send, a broker that is away) the sweeper finds as a due row.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from apps.core import scopes
from apps.core.models import OutboxMessage

log = structlog.get_logger(__name__)

_GRACE = timedelta(seconds=10)  # the quick way's time before the sweeper takes over


def send(task: str, *, queue: str = "", not_before: datetime | None = None, **arguments: Any) -> None:
    """Inside an organization's scope; the organization travels in the message."""
    organization_id = scopes.organization_id()
    arguments = {
        "organization": str(organization_id),
        **{name: _plain(value) for name, value in arguments.items()},
    }
    due = not_before or timezone.now()
    message = OutboxMessage.objects.create(
        organization_id=organization_id, task=task, arguments=arguments, queue=queue, not_before=due + _GRACE
    )
    transaction.on_commit(lambda: _send_now(message.id, organization_id, task, arguments, queue, due))


def sweep(*, limit: int = 500) -> int:
    """Sends what is due and still there. Answers how many."""
    with scopes.system("the outbox sweeper"):
        due = list(
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(not_before__lte=timezone.now())
            .order_by("not_before")[:limit]
        )
        for message in due:
            _publish(message.task, message.arguments, message.queue)
        OutboxMessage.objects.filter(id__in=[message.id for message in due]).delete()
    return len(due)


def _send_now(
    identifier: UUID, organization_id: UUID, task: str, arguments: dict[str, Any], queue: str, due: datetime
) -> None:
    try:
        _publish(task, arguments, queue, eta=due if due > timezone.now() else None)
    except Exception as error:  # noqa: BLE001  any broker trouble: the row stays and the sweeper sends it
        log.warning("outbox_left_for_sweeper", task=task, error=type(error).__name__)
        return
    with scopes.organization(organization_id):
        OutboxMessage.objects.filter(id=identifier).delete()


def _publish(task: str, arguments: dict[str, Any], queue: str, eta: datetime | None = None) -> None:
    from celery import current_app

    current_app.send_task(task, kwargs=arguments, queue=queue or None, eta=eta, retry=False)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
