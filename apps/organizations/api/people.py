"""Members, suspended and service accounts among them, and invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
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


class SuspendRequest(serializers.Serializer[Any]):
    why = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)


class ServiceAccountRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    role = serializers.ChoiceField(choices=Role.choices, help_text="Any but owner.")


class InvitationRequest(RoleRequest):
    email = serializers.EmailField()


class MemberShape(TypedDict):
    id: UUID
    email: str
    name: str
    role: str
    since: datetime
    service: bool  # a service account: it acts by tokens alone
    teams: list[str]
    suspended_at: datetime | None
    suspended_by: str


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
        rows = _members().filter(organization_id=self.actor.organization_id)
        return Response(page(query, rows, Order("created_at", "id", descending=False), _member))


class MemberDetail(OrganizationView):
    asks_again = frozenset({"PATCH", "DELETE"})

    @extend_schema(request=RoleRequest, responses=MemberShape)
    def patch(self, request: Request, organization: str, member: UUID) -> Response:
        asked = RoleRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = services.change_role(self.actor, member, role=asked.validated_data["role"])
        return Response(_member(_members().get(id=changed.id)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str, member: UUID) -> Response:
        """Their tokens of this organization end with it. Oneself: leaves."""
        services.remove_member(self.actor, member)
        return Response(status=204)


class MemberSuspension(OrganizationView):
    asks_again = frozenset({"PUT", "DELETE"})

    @extend_schema(request=SuspendRequest, responses=MemberShape)
    def put(self, request: Request, organization: str, member: UUID) -> Response:
        """Role, teams, grants and tokens are kept and open nothing; sockets end within seconds."""
        asked = SuspendRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        services.suspend_member(self.actor, member, why=asked.validated_data["why"])
        return Response(_member(_members().get(id=member)))

    @extend_schema(responses=MemberShape)
    def delete(self, request: Request, organization: str, member: UUID) -> Response:
        """Lets them in again, as they were."""
        services.restore_member(self.actor, member)
        return Response(_member(_members().get(id=member)))


class Leaving(OrganizationView):
    asks_again = frozenset({"POST"})

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, organization: str) -> Response:
        """By oneself, signed in. The last owner cannot."""
        services.leave(self.actor)
        return Response(status=204)


class ServiceAccountList(OrganizationView):
    asks_again = frozenset({"POST"})

    @extend_schema(parameters=[PageQuery], responses=PageOf(MemberShape))
    def get(self, request: Request, organization: str) -> Response:
        authorize(self.actor, Right.SEE)
        query = read_query(PageQuery, request)
        rows = _members().filter(organization_id=self.actor.organization_id, user__is_service=True)
        return Response(page(query, rows, Order("created_at", "id", descending=False), _member))

    @extend_schema(request=ServiceAccountRequest, responses={201: MemberShape})
    def post(self, request: Request, organization: str) -> Response:
        """A member without a person who signs in. It approves nothing, and may nothing that you may not."""
        asked = ServiceAccountRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.create_service_account(self.actor, **asked.validated_data)
        return Response(_member(_members().get(id=made.id)), status=201)


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


def _members() -> QuerySet[Membership]:
    rows: QuerySet[Membership] = Membership.objects.select_related("user").prefetch_related("teams__team")
    return rows


def _member(membership: Membership) -> MemberShape:
    return {
        "id": membership.id,
        "email": membership.user.email,
        "name": str(membership.user),
        "role": membership.role,
        "since": membership.created_at,
        "service": membership.user.is_service,
        "teams": sorted(row.team.slug for row in membership.teams.all()),
        "suspended_at": membership.suspended_at,
        "suspended_by": membership.suspended_by_label,
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
