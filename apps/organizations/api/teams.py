from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

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
from apps.organizations.models import Team


class TeamRequest(serializers.Serializer[Any]):
    slug = serializers.SlugField(max_length=60)
    name = serializers.CharField(max_length=120, required=False, default="")


class TeamChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)


class TeamMemberRequest(serializers.Serializer[Any]):
    member = serializers.UUIDField(help_text="The member's id, as in the list of members.")


class TeamMemberShape(TypedDict):
    member: UUID
    email: str
    name: str


class TeamShape(TypedDict):
    slug: str
    name: str
    created_at: datetime
    members: list[TeamMemberShape]


class TeamList(OrganizationView):
    asks_again = frozenset({"POST"})

    @extend_schema(parameters=[PageQuery], responses=PageOf(TeamShape))
    def get(self, request: Request, organization: str) -> Response:
        authorize(self.actor, Right.SEE)
        query = read_query(PageQuery, request)
        rows = _teams().filter(organization_id=self.actor.organization_id)
        return Response(page(query, rows, Order("created_at", "id", descending=False), _team))

    @extend_schema(request=TeamRequest, responses={201: TeamShape})
    def post(self, request: Request, organization: str) -> Response:
        """Empty, without a grant."""
        asked = TeamRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(_team(services.create_team(self.actor, **asked.validated_data)), status=201)


class TeamDetail(OrganizationView):
    asks_again = frozenset({"PATCH", "DELETE"})

    @extend_schema(responses=TeamShape)
    def get(self, request: Request, organization: str, team: str) -> Response:
        return Response(_shown(services.access_team(self.actor, team)))

    @extend_schema(request=TeamChange, responses=TeamShape)
    def patch(self, request: Request, organization: str, team: str) -> Response:
        """Its short name stays: policies name it."""
        asked = TeamChange(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.access_team(self.actor, team)
        return Response(_shown(services.rename_team(self.actor, row, name=asked.validated_data["name"])))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str, team: str) -> Response:
        """Its grants end with it."""
        services.delete_team(self.actor, services.access_team(self.actor, team))
        return Response(status=204)


class TeamMembers(OrganizationView):
    asks_again = frozenset({"POST"})

    @extend_schema(request=TeamMemberRequest, responses={201: TeamShape})
    def post(self, request: Request, organization: str, team: str) -> Response:
        """Never oneself: somebody else does it."""
        asked = TeamMemberRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.access_team(self.actor, team)
        services.add_to_team(self.actor, row, asked.validated_data["member"])
        return Response(_shown(row), status=201)


class TeamMemberDetail(OrganizationView):
    asks_again = frozenset({"DELETE"})

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str, team: str, member: UUID) -> Response:
        """By who manages people, or by oneself."""
        services.remove_from_team(self.actor, services.access_team(self.actor, team), member)
        return Response(status=204)


def _teams() -> QuerySet[Team]:
    rows: QuerySet[Team] = Team.objects.prefetch_related("members__membership__user")
    return rows


def _shown(team: Team) -> TeamShape:
    return _team(_teams().get(id=team.id))


def _team(team: Team) -> TeamShape:
    people = [row.membership for row in team.members.all()]
    return {
        "slug": team.slug,
        "name": team.name,
        "created_at": team.created_at,
        "members": [
            {"member": person.id, "email": person.user.email, "name": str(person.user)}
            for person in sorted(people, key=lambda person: (str(person.user), str(person.id)))
        ],
    }
