"""What was done: the audit and the feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit.models import Activity, AuditEntry
from apps.audit.verifying import verify_chain
from apps.core.api.pages import Order, page
from apps.core.api.queries import Moment, PageQuery, read_query
from apps.core.api.schema import PageOf
from apps.organizations.access import Right, authorize
from apps.organizations.api.door import OrganizationView


class AuditQuery(PageQuery):
    action = serializers.CharField(required=False, max_length=80)
    object_id = serializers.UUIDField(required=False)
    actor_id = serializers.UUIDField(required=False)


class ActivityQuery(PageQuery):
    kind = serializers.CharField(required=False, max_length=60)
    rollout = serializers.UUIDField(required=False)
    since = Moment(required=False)
    until = Moment(required=False)


class ByShape(TypedDict):
    kind: str
    id: UUID | None
    label: str
    channel: str


class ObjectShape(TypedDict):
    kind: str
    id: UUID | None
    label: str


class AuditEntryShape(TypedDict):
    number: int
    at: datetime
    by: ByShape
    action: str
    object: ObjectShape
    why: str
    hash: str


class VerificationShape(TypedDict):
    sound: bool
    entries: int
    first_bad: int | None
    sentence: str


class ActivityShape(TypedDict):
    number: int
    at: datetime
    kind: str
    phase: str | None
    rollout: UUID | None
    by: str
    body: dict[str, Any]


class AuditList(OrganizationView):
    @extend_schema(parameters=[AuditQuery], responses=PageOf(AuditEntryShape))
    def get(self, request: Request, organization: str) -> Response:
        """Newest first."""
        authorize(self.actor, Right.SEE_AUDIT)
        query = read_query(AuditQuery, request)
        rows = AuditEntry.objects.filter(organization_id=self.actor.organization_id)
        for name in ("action", "object_id", "actor_id"):
            if value := query.get(name):
                rows = rows.filter(**{name: value})
        return Response(page(query, rows, Order("number"), _entry))


class AuditVerification(OrganizationView):
    @extend_schema(responses=VerificationShape)
    def get(self, request: Request, organization: str) -> Response:
        """Walks the whole chain and says where it breaks, if it does."""
        authorize(self.actor, Right.SEE_AUDIT)
        verdict = verify_chain()
        return Response(
            {
                "sound": verdict.sound,
                "entries": verdict.entries,
                "first_bad": verdict.first_bad,
                "sentence": verdict.sentence,
            }
        )


class ActivityList(OrganizationView):
    @extend_schema(parameters=[ActivityQuery], responses=PageOf(ActivityShape))
    def get(self, request: Request, organization: str) -> Response:
        """The organization's feed, newest first."""
        authorize(self.actor, Right.SEE)
        query = read_query(ActivityQuery, request)
        rows = Activity.objects.filter(organization_id=self.actor.organization_id)
        for name, column in (
            ("kind", "kind"),
            ("rollout", "rollout_id"),
            ("since", "at__gte"),
            ("until", "at__lt"),
        ):
            if value := query.get(name):
                rows = rows.filter(**{column: value})
        return Response(page(query, rows, Order("number"), _activity))


def _entry(entry: AuditEntry) -> AuditEntryShape:
    return {
        "number": entry.number,
        "at": entry.at,
        "by": {
            "kind": entry.actor_kind,
            "id": entry.actor_id,
            "label": entry.actor_label,
            "channel": entry.channel,
        },
        "action": entry.action,
        "object": {"kind": entry.object_kind, "id": entry.object_id, "label": entry.object_label},
        "why": entry.why,
        "hash": bytes(entry.hash).hex(),
    }


def _activity(row: Activity) -> ActivityShape:
    return {
        "number": row.number,
        "at": row.at,
        "kind": row.kind,
        "phase": row.phase,
        "rollout": row.rollout_id,
        "by": row.actor_label,
        "body": row.body,
    }
