"""Tasks that a change asks for, carried out at least once after the change is committed.

The row is the promise, the message is the quick way: the row goes when the task is done, not when a broker has it, so
neither a crash between commit and send nor a broker that forgets everything loses a task. The sweeper sends again
whatever is still there. Tasks are idempotent, since twice can happen.
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

DELIVER = "core.deliver"
_GRACE = timedelta(seconds=10)  # the quick way's time before the sweeper takes over
_AGAIN = timedelta(seconds=30)  # between two sendings of the sweeper's


def send(task: str, *, queue: str = "", not_before: datetime | None = None, **arguments: Any) -> None:
    """Inside an organization's scope; the organization travels in the message. With `not_before` the sweeper sends it
    then: a broker that holds a message for long gives it out twice."""
    organization_id = scopes.organization_id()
    arguments = {
        "organization": str(organization_id),
        **{name: _plain(value) for name, value in arguments.items()},
    }
    message = OutboxMessage.objects.create(
        organization_id=organization_id,
        task=task,
        arguments=arguments,
        queue=queue,
        not_before=not_before or timezone.now() + _GRACE,
    )
    if not_before is None:
        transaction.on_commit(lambda: _publish(organization_id, message.id, queue))


def deliver(organization_id: UUID, message_id: UUID) -> bool:
    """Carries a message's task out, here and now. False: somebody did already."""
    from celery import current_app

    with scopes.organization(organization_id):
        message = OutboxMessage.objects.filter(id=message_id).first()
    if message is None:
        return False
    current_app.tasks[message.task](**message.arguments)
    with scopes.organization(organization_id):
        OutboxMessage.objects.filter(id=message_id).delete()
    return True


def sweep(*, limit: int = 500) -> int:
    """Sends what is due and still there. Answers how many."""
    now = timezone.now()
    with scopes.system("the outbox sweeper"):
        due = list(
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(not_before__lte=now)
            .order_by("not_before")[:limit]
        )
        OutboxMessage.objects.filter(id__in=[message.id for message in due]).update(not_before=now + _AGAIN)
    for message in due:
        _publish(message.organization_id, message.id, message.queue)
    return len(due)


def _publish(organization_id: UUID, message_id: UUID, queue: str) -> None:
    from celery import current_app

    arguments = {"organization": str(organization_id), "message": str(message_id)}
    try:
        current_app.send_task(DELIVER, kwargs=arguments, queue=queue or None, retry=False)
    except Exception as error:  # noqa: BLE001  any broker trouble: the row stays and the sweeper sends it
        log.warning("outbox_left_for_sweeper", message=str(message_id), error=type(error).__name__)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
