from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.approvals import overriding
from apps.approvals.models import Override
from apps.core.api.pages import Order, page
from apps.core.api.queries import PageQuery, read_query
from apps.core.api.schema import PageOf
from apps.organizations.access import Right, authorize
from apps.organizations.api.door import OrganizationView
from apps.rollouts.api.finding import find_rollout


class EmergencyRequest(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=4000, help_text="Everybody who may approve is told.")
    environment = serializers.CharField(max_length=60, help_text="Its short name, typed once more.")


class BreakGlassRequest(EmergencyRequest):
    plan_digest = serializers.CharField(max_length=80)


class AfterReviewRequest(serializers.Serializer[Any]):
    justified = serializers.BooleanField()
    comment = serializers.CharField(max_length=4000)


class OverrideShape(TypedDict):
    id: UUID
    kind: str
    rollout: int
    environment: str
    by: str
    reason: str
    at: datetime
    review_due_at: datetime
    reviewed_at: datetime | None
    reviewed_by: str | None
    justified: bool | None
    review: str


class OverrideList(OrganizationView):
    @extend_schema(parameters=[PageQuery], responses=PageOf(OverrideShape))
    def get(self, request: Request, organization: str) -> Response:
        """What began without its approvals, newest first, and what came of its after-review."""
        query = read_query(PageQuery, request)
        authorize(self.actor, Right.SEE)
        rows = Override.objects.filter(organization_id=self.actor.organization_id)
        rows = rows.select_related("rollout__environment").defer("rollout__progress", "rollout__policy")
        return Response(page(query, rows, Order("at", "id"), shape))


class BreakGlass(OrganizationView):
    @extend_schema(request=BreakGlassRequest, responses={201: OverrideShape})
    def post(self, request: Request, organization: str, rollout: str) -> Response:
        """An owner begins exactly this plan without its approvals. An after-review by somebody else is owed then."""
        asked = BreakGlassRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = find_rollout(self.actor, rollout)
        return Response(shape(overriding.break_glass(self.actor, row.id, **asked.validated_data)), status=201)


class Emergency(OrganizationView):
    @extend_schema(request=EmergencyRequest, responses={201: OverrideShape})
    def post(self, request: Request, organization: str, rollout: str) -> Response:
        """A security fix needs as many approvals as the emergency lane asks for. An after-review is owed then."""
        asked = EmergencyRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = find_rollout(self.actor, rollout)
        made = overriding.declare_emergency(self.actor, row.id, **asked.validated_data)
        return Response(shape(made), status=201)


class AfterReview(OrganizationView):
    @extend_schema(request=AfterReviewRequest, responses=OverrideShape)
    def post(self, request: Request, organization: str, rollout: str) -> Response:
        """By somebody who may approve there and did not let it through."""
        asked = AfterReviewRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = find_rollout(self.actor, rollout)
        return Response(shape(overriding.review_override(self.actor, row.id, **asked.validated_data)))


def shape(override: Override) -> OverrideShape:
    return {
        "id": override.id,
        "kind": override.kind,
        "rollout": override.rollout.number,
        "environment": override.rollout.environment.slug,
        "by": override.by_label,
        "reason": override.reason,
        "at": override.at,
        "review_due_at": override.review_due_at,
        "reviewed_at": override.reviewed_at,
        "reviewed_by": override.reviewed_by_label or None,
        "justified": override.justified,
        "review": override.review,
    }
