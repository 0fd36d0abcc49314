"""What operators may do with a task that waits in the outbox. Each act is in the audit of the organization it is of."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.models import OutboxMessage
from apps.core.problems import Conflict


def send_again(by: By, organization_id: UUID, message_id: UUID) -> None:
    """The sweeper takes it within two seconds, however late it was to be. Tasks are idempotent, so twice is well."""
    with scopes.organization(organization_id):
        message = _waiting(message_id)
        OutboxMessage.objects.filter(id=message.id).update(not_before=timezone.now())
        _record(by, message, "outbox.retry")


def give_up(by: By, organization_id: UUID, message_id: UUID) -> None:
    """It is not carried out any more. What it was to do stays in the audit."""
    with scopes.organization(organization_id):
        message = _waiting(message_id)
        OutboxMessage.objects.filter(id=message.id).delete()
        _record(by, message, "outbox.give-up")


def _waiting(message_id: UUID) -> OutboxMessage:
    message: OutboxMessage | None = (
        OutboxMessage.objects.select_for_update(skip_locked=True).filter(id=message_id).first()
    )
    if message is None:
        raise Conflict("It is being carried out, or was already.")
    return message


def _record(by: By, message: OutboxMessage, action: str) -> None:
    record(by, audits=[Audit(action, "task", message.task, message.id, before=message.arguments)])
