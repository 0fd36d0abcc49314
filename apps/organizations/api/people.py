"""Members and invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.pages import Order, page
from apps.core.api.queries import PageQuery, read_query
from apps.core.api.schema import PageOf
from apps.organizations import services
from apps.organizations.access import Right, authorize
from apps.organizations.api.door import OrganizationView
from apps.organizations.choices import Role
from apps.organizations.models import Invitation, Membership


class RoleRequest(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)


class InvitationRequest(RoleRequest):
    email = serializers.EmailField()


class MemberShape(TypedDict):
    id: UUID
    email: str
    name: str
    role: str
    since: datetime


class InvitationShape(TypedDict):
    id: UUID
    email: str
    role: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None


class InvitationLinkShape(TypedDict):
    id: UUID
    link: str


class MemberList(OrganizationView):
    @extend_schema(parameters=[PageQuery], responses=PageOf(MemberShape))
    def get(self, request: Request, organization: str) -> Response:
        authorize(self.actor, Right.SEE)
        query = read_query(PageQuery, request)
        rows = Membership.objects.filter(organization_id=self.actor.organization_id).select_related("user")
        return Response(page(query, rows, Order("created_at", "id", descending=False), _member))


class MemberDetail(OrganizationView):
    asks_again = frozenset({"PATCH", "DELETE"})

    @extend_schema(request=RoleRequest, responses=MemberShape)
    def patch(self, request: Request, organization: str, member: UUID) -> Response:
        asked = RoleRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(_member(services.change_role(self.actor, member, role=asked.validated_data["role"])))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str, member: UUID) -> Response:
        """Their tokens of this organization end with it. Oneself: leaves."""
        services.remove_member(self.actor, member)
        return Response(status=204)


class InvitationList(OrganizationView):
    asks_again = frozenset({"POST"})

    @extend_schema(parameters=[PageQuery], responses=PageOf(InvitationShape))
    def get(self, request: Request, organization: str) -> Response:
        authorize(self.actor, Right.MANAGE_PEOPLE)
        query = read_query(PageQuery, request)
        rows = Invitation.objects.filter(organization_id=self.actor.organization_id)
        return Response(page(query, rows, Order("created_at", "id"), _invitation))

    @extend_schema(request=InvitationRequest, responses={201: InvitationLinkShape})
    def post(self, request: Request, organization: str) -> Response:
        """The link is shown once; nothing is mailed."""
        asked = InvitationRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        shown = services.invite(self.actor, **asked.validated_data)
        self.shows_secret(shown.row.id)
        link = f"{settings.PUBLIC_URL}/invitations/{shown.secret}/"
        return Response({"id": shown.row.id, "link": link}, status=201)


class InvitationDetail(OrganizationView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str, invitation: UUID) -> Response:
        """The link is dead from now on."""
        services.withdraw_invitation(self.actor, invitation)
        return Response(status=204)


def _member(membership: Membership) -> MemberShape:
    return {
        "id": membership.id,
        "email": membership.user.email,
        "name": str(membership.user),
        "role": membership.role,
        "since": membership.created_at,
    }


def _invitation(invitation: Invitation) -> InvitationShape:
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "invited_by": invitation.invited_by_label,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
        "accepted_at": invitation.accepted_at,
    }
