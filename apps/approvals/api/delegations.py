from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.approvals import delegating
from apps.approvals.models import Delegation
from apps.core.api.pages import Order, page
from apps.core.api.queries import PageQuery, read_query
from apps.core.api.schema import PageOf
from apps.organizations.access import Right, authorize
from apps.organizations.api.door import OrganizationView


class DelegationRequest(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254, help_text="Of the member who decides for you.")
    ends_at = serializers.DateTimeField()


class DelegationShape(TypedDict):
    id: UUID
    giver: str
    giver_id: UUID
    giver_email: str
    holder: str
    ends_at: datetime


class DelegationList(OrganizationView):
    @extend_schema(parameters=[PageQuery], responses=PageOf(DelegationShape))
    def get(self, request: Request, organization: str) -> Response:
        """Who decides for whom now; everybody may know."""
        query = read_query(PageQuery, request)
        authorize(self.actor, Right.SEE)
        rows = Delegation.objects.filter(
            organization_id=self.actor.organization_id, ended_at__isnull=True, ends_at__gt=timezone.now()
        ).select_related("giver__user", "holder__user")
        return Response(page(query, rows, Order("created_at", "id"), shape))

    @extend_schema(request=DelegationRequest, responses={201: DelegationShape})
    def post(self, request: Request, organization: str) -> Response:
        """Gives your own voice to a member, until then. Another end replaces the first."""
        asked = DelegationRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(shape(delegating.delegate(self.actor, **asked.validated_data)), status=201)


class DelegationDetail(OrganizationView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str, delegation: UUID) -> Response:
        """By who gave it, at once."""
        delegating.take_back(self.actor, delegation)
        return Response(status=204)


def shape(row: Delegation) -> DelegationShape:
    return {
        "id": row.id,
        "giver": str(row.giver.user),
        "giver_id": row.giver.user_id,
        "giver_email": row.giver.user.email,
        "holder": str(row.holder.user),
        "ends_at": row.ends_at,
    }
