from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.access import access_application
from apps.applications.models import Application
from apps.core.api.pages import Order, page
from apps.core.api.queries import PageQuery, read_query
from apps.core.api.schema import PageOf
from apps.core.problems import Invalid, NotFound
from apps.environments import services
from apps.environments.access import access_environment
from apps.environments.models import Environment
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.api.door import OrganizationView
from apps.organizations.choices import GrantedRight
from apps.organizations.models import Grant, Membership, Team
from apps.organizations.services import access_team


class GrantRequest(serializers.Serializer[Any]):
    """To a member or to a team."""

    member = serializers.UUIDField(required=False, help_text="The member's id, as in the list of members.")
    team = serializers.SlugField(required=False, max_length=60)
    application = serializers.SlugField(
        required=False,
        max_length=60,
        help_text="For this one alone; without it for all, also those that come.",
    )
    right = serializers.ChoiceField(choices=GrantedRight.choices)


class AnywhereGrantRequest(GrantRequest):
    environment = serializers.SlugField(
        required=False, max_length=60, help_text="In this one alone; without it in all, also those that come."
    )


class GrantQuery(PageQuery):
    member = serializers.UUIDField(required=False)
    team = serializers.SlugField(required=False, max_length=60)


class GrantShape(TypedDict):
    id: UUID
    environment: str | None  # null: in all
    application: str | None  # null: for all
    member: UUID | None
    email: str | None
    team: str | None
    right: str
    given_by: str
    since: datetime


class GrantList(OrganizationView):
    @extend_schema(parameters=[PageQuery], responses=PageOf(GrantShape))
    def get(self, request: Request, organization: str, environment: str) -> Response:
        """What people and teams may do here beyond their roles."""
        query = read_query(PageQuery, request)
        place = access_environment(self.actor, environment)
        here = Q(environment_id=place.id) | Q(environment_id__isnull=True)
        return Response(page(query, _rows(self.actor).filter(here), Order("created_at", "id"), shape))

    @extend_schema(request=GrantRequest, responses={201: GrantShape})
    def post(self, request: Request, organization: str, environment: str) -> Response:
        """By somebody else: never to oneself, nor to a team one is in."""
        asked = GrantRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(_give(self.actor, {**asked.validated_data, "environment": environment}), status=201)


class AllGrants(OrganizationView):
    @extend_schema(parameters=[GrantQuery], responses=PageOf(GrantShape))
    def get(self, request: Request, organization: str) -> Response:
        """What people and teams may do beyond their roles, wherever."""
        query = read_query(GrantQuery, request)
        rows = _rows(self.actor)
        if member := query.get("member"):
            rows = rows.filter(membership_id=member)
        if team := query.get("team"):
            rows = rows.filter(team_id=access_team(self.actor, team).id)
        return Response(page(query, rows, Order("created_at", "id"), shape))

    @extend_schema(request=AnywhereGrantRequest, responses={201: GrantShape})
    def post(self, request: Request, organization: str) -> Response:
        """By somebody else: never to oneself, nor to a team one is in."""
        asked = AnywhereGrantRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(_give(self.actor, asked.validated_data), status=201)


class GrantDetail(OrganizationView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str, grant: UUID) -> Response:
        services.take_back_grant(self.actor, grant)
        return Response(status=204)


def _give(actor: Actor, asked: dict[str, Any]) -> GrantShape:
    authorize(actor, Right.MANAGE_PEOPLE)
    environment = access_environment(actor, asked["environment"]) if asked.get("environment") else None
    application = access_application(actor, asked["application"]) if asked.get("application") else None
    given = services.grant(actor, environment, _to(actor, asked), asked["right"], application=application)
    return shape(_rows(actor).get(id=given.id))


def _to(actor: Actor, asked: dict[str, Any]) -> Membership | Team:
    if bool(asked.get("member")) == bool(asked.get("team")):
        sentence = "A grant is to a member or to a team: name one of them."
        raise Invalid(sentence, fields={"member": sentence})
    if asked.get("team"):
        return access_team(actor, asked["team"])
    member: Membership | None = Membership.objects.select_related("user").filter(id=asked["member"]).first()
    if member is None:
        raise NotFound("There is no such member.")
    return member


def _rows(actor: Actor) -> QuerySet[Grant]:
    authorize(actor, Right.SEE)
    environments = Environment.objects.filter(id=OuterRef("environment_id")).values("slug")
    applications = Application.objects.filter(id=OuterRef("application_id")).values("slug")
    rows: QuerySet[Grant] = Grant.objects.filter(organization_id=actor.organization_id)
    return rows.select_related("membership__user", "team", "given_by").annotate(
        environment_slug=Subquery(environments[:1]), application_slug=Subquery(applications[:1])
    )


def shape(grant: Any) -> GrantShape:
    """Of a row as `_rows` reads it."""
    return {
        "id": grant.id,
        "environment": grant.environment_slug,
        "application": grant.application_slug,
        "member": grant.membership_id,
        "email": grant.membership.user.email if grant.membership else None,
        "team": grant.team.slug if grant.team else None,
        "right": grant.right,
        "given_by": str(grant.given_by),
        "since": grant.created_at,
    }
