"""The last statements of every change: outbox, feed, audit. They take the organization's head, so they come last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.audit import chain
from apps.audit.models import Activity, AuditEntry, OrganizationHead
from apps.core import scopes
from apps.core.ids import uuid7
from apps.core.wake import announce


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, as it is written down: labels outlive rows."""

    kind: str  # person, token, policy, system, operator
    label: str
    id: UUID | None = None
    channel: str = "task"  # ui, api, admin, command, task
    address: str = ""


POLICY = By("policy", "policy")
SYSTEM = By("system", "Slipway")


@dataclass(frozen=True, slots=True)
class Audit:
    action: str  # rollout.approve
    object_kind: str
    object_label: str
    object_id: UUID | None = None
    before: Any = None
    after: Any = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the organization's feed."""

    kind: str
    rollout_id: UUID | None = None
    application_id: UUID | None = None
    environment_id: UUID | None = None
    phase: str | None = None
    body: dict[str, Any] = field(default_factory=dict)


def record(
    by: By, *, audits: Sequence[Audit] = (), happenings: Sequence[Happening] = (), at: datetime | None = None
) -> int:
    """Call as the last database statements of a transaction, inside an organization's scope.

    Answers the feed's newest number. The head's row is locked here, so whatever came before runs in parallel.
    """
    if not audits and not happenings:
        return 0
    organization_id = scopes.organization_id()
    at = at or timezone.now()
    head = _lock_head(organization_id)
    if happenings:
        Activity.objects.bulk_create(
            Activity(
                organization_id=organization_id,
                number=head.activity_number + offset,
                at=at,
                kind=happening.kind,
                rollout_id=happening.rollout_id,
                application_id=happening.application_id,
                environment_id=happening.environment_id,
                phase=happening.phase,
                actor_id=by.id,
                actor_label=by.label,
                body=happening.body,
            )
            for offset, happening in enumerate(happenings, start=1)
        )
        head.activity_number += len(happenings)
    entries = []
    for audit in audits:
        head.audit_number += 1
        entry = _entry(organization_id, head.audit_number, bytes(head.audit_hash), by, audit, at)
        head.audit_hash = entry.hash
        entries.append(entry)
    AuditEntry.objects.bulk_create(entries)
    head.save(update_fields=["audit_number", "audit_hash", "activity_number"])
    number = head.activity_number
    if happenings:
        transaction.on_commit(lambda: announce(f"organization.{organization_id}", number))
    return number


def take_rollout_number() -> int:
    """The organization's next rollout number."""
    head = _lock_head(scopes.organization_id())
    head.rollout_number += 1
    head.save(update_fields=["rollout_number"])
    return head.rollout_number


def _text(identifier: UUID | None) -> str | None:
    return str(identifier) if identifier else None


def _lock_head(organization_id: UUID) -> OrganizationHead:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO organization_head (organization_id, audit_number, audit_hash, activity_number, rollout_number)"
            " VALUES (%s, 0, '', 0, 0) ON CONFLICT DO NOTHING",
            [organization_id],
        )
    head: OrganizationHead = OrganizationHead.objects.select_for_update().get(organization_id=organization_id)
    return head


def _entry(
    organization_id: UUID, number: int, previous: bytes, by: By, audit: Audit, at: datetime
) -> AuditEntry:
    content = chain.canonical(
        {
            "organization": organization_id,
            "number": number,
            "at": at.isoformat(),
            "by": {
                "kind": by.kind,
                "id": by.id,
                "label": by.label,
                "channel": by.channel,
                "address": by.address,
            },
            "action": audit.action,
            "object": {"kind": audit.object_kind, "id": audit.object_id, "label": audit.object_label},
            "before": audit.before,
            "after": audit.after,
            "why": audit.why,
        }
    )
    previous = bytes(previous)
    return AuditEntry(
        id=uuid7(),
        organization_id=organization_id,
        number=number,
        at=at,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_label=by.label,
        channel=by.channel,
        address=by.address,
        action=audit.action,
        object_kind=audit.object_kind,
        object_id=audit.object_id,
        object_label=audit.object_label[:300],
        why=audit.why,
        canonical=content,
        previous_hash=previous,
        hash=chain.link(previous, number, content),
    )
