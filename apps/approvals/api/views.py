from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.approvals import services
from apps.approvals.models import Approval
from apps.core.api.pages import Order, page
from apps.organizations.api.door import OrganizationView
from apps.rollouts.api.views import find_rollout


class DecisionRequest(serializers.Serializer[Any]):
    plan_digest = serializers.CharField(max_length=80)
    approved = serializers.BooleanField()
    comment = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)


class ApprovalList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str, rollout: str) -> Response:
        row = find_rollout(self, rollout)
        rows = Approval.objects.filter(rollout_id=row.id)
        return Response(page(request, rows, Order("decided_at", "id"), shape))

    @extend_schema(request=DecisionRequest, responses={201: dict})
    def post(self, request: Request, organization: str, rollout: str) -> Response:
        """Approves or rejects exactly the plan whose digest is named."""
        asked = DecisionRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = find_rollout(self, rollout)
        made = services.decide(self.actor, row.id, **asked.validated_data)
        return Response(shape(made), status=201)


def shape(approval: Approval) -> dict[str, Any]:
    return {
        "id": approval.id,
        "plan_digest": approval.plan_digest,
        "by": approval.person_label,
        "approved": approval.approved,
        "comment": approval.comment,
        "at": approval.decided_at,
    }
