from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.pages import Order, page
from apps.core.api.queries import PageQuery, read_query
from apps.core.api.schema import PageOf
from apps.core.problems import NotFound
from apps.environments import services
from apps.environments.access import access_environment
from apps.environments.models import Environment
from apps.organizations.access import Right, authorize
from apps.organizations.api.door import OrganizationView
from apps.organizations.choices import GrantedRight
from apps.organizations.models import Grant, Membership


class GrantRequest(serializers.Serializer[Any]):
    member = serializers.UUIDField(help_text="The member's id, as in the list of members.")
    right = serializers.ChoiceField(choices=GrantedRight.choices)


class GrantShape(TypedDict):
    id: UUID
    environment: str
    member: UUID | None  # None: a team's
    email: str
    right: str
    given_by: str
    since: datetime


class GrantList(OrganizationView):
    @extend_schema(parameters=[PageQuery], responses=PageOf(GrantShape))
    def get(self, request: Request, organization: str, environment: str) -> Response:
        """Who may deploy or approve here beyond their role."""
        query = read_query(PageQuery, request)
        place = access_environment(self.actor, environment)
        rows = Grant.objects.filter(
            organization_id=self.actor.organization_id, environment_id=place.id
        ).select_related("membership__user", "given_by")
        return Response(page(query, rows, Order("created_at", "id"), lambda row: shape(row, place)))

    @extend_schema(request=GrantRequest, responses={201: GrantShape})
    def post(self, request: Request, organization: str, environment: str) -> Response:
        asked = GrantRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        authorize(self.actor, Right.MANAGE_PEOPLE)
        place = access_environment(self.actor, environment)
        member = Membership.objects.select_related("user").filter(id=asked.validated_data["member"]).first()
        if member is None:
            raise NotFound("There is no such member.")
        given = services.grant(self.actor, place, member, asked.validated_data["right"])
        return Response(shape(given, place), status=201)


class GrantDetail(OrganizationView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str, grant: UUID) -> Response:
        services.take_back_grant(self.actor, grant)
        return Response(status=204)


def shape(grant: Grant, place: Environment) -> GrantShape:
    return {
        "id": grant.id,
        "environment": place.slug,
        "member": grant.membership_id,
        "email": grant.membership.user.email if grant.membership else "",
        "right": grant.right,
        "given_by": str(grant.given_by),
        "since": grant.created_at,
    }
