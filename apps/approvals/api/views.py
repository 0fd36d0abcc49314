from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.approvals import services
from apps.approvals.models import Approval
from apps.core.api.pages import Order, page
from apps.core.api.queries import PageQuery, read_query
from apps.core.api.schema import PageOf
from apps.organizations.api.door import OrganizationView
from apps.rollouts.api.finding import find_rollout


class DecisionRequest(serializers.Serializer[Any]):
    plan_digest = serializers.CharField(max_length=80)
    approved = serializers.BooleanField()
    comment = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    on_behalf_of = serializers.UUIDField(
        required=False, help_text="The person whose voice was given to you, as in the list of delegations."
    )


class ApprovalShape(TypedDict):
    id: UUID
    plan_digest: str
    by: str
    approved: bool
    comment: str
    at: datetime


class ApprovalList(OrganizationView):
    @extend_schema(parameters=[PageQuery], responses=PageOf(ApprovalShape))
    def get(self, request: Request, organization: str, rollout: str) -> Response:
        """Decisions on every plan of the rollout, newest first."""
        query = read_query(PageQuery, request)
        row = find_rollout(self.actor, rollout)
        rows = Approval.objects.filter(organization_id=self.actor.organization_id, rollout_id=row.id)
        return Response(page(query, rows, Order("decided_at", "id"), shape))

    @extend_schema(request=DecisionRequest, responses={201: ApprovalShape})
    def post(self, request: Request, organization: str, rollout: str) -> Response:
        """Approves or rejects exactly the plan whose digest is named; the same decision twice is the first one."""
        asked = DecisionRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = find_rollout(self.actor, rollout)
        made = services.decide(self.actor, row.id, **asked.validated_data)
        return Response(shape(made), status=201)


def shape(approval: Approval) -> ApprovalShape:
    return {
        "id": approval.id,
        "plan_digest": approval.plan_digest,
        "by": approval.by,
        "approved": approval.approved,
        "comment": approval.comment,
        "at": approval.decided_at,
    }
