from __future__ import annotations

from typing import Any, TypedDict
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.organizations import services
from apps.organizations.access import Right, authorize, decide, organizations_of
from apps.organizations.api.door import OrganizationView, PersonView
from apps.organizations.models import Organization


class OrganizationChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120, required=False)
    token_days_most = serializers.IntegerField(
        min_value=1,
        max_value=3650,
        required=False,
        allow_null=True,
        help_text="After so many days at most a token runs out, those that are there too; null: any.",
    )


class OrganizationShape(TypedDict):
    slug: str
    name: str
    simulated: bool


class PersonShape(TypedDict):
    id: UUID
    email: str
    name: str


class OrganizationsShape(TypedDict):
    items: list[OrganizationShape]
    next: str | None
    person: PersonShape


class OrganizationDetailShape(OrganizationShape):
    token_days_most: int | None
    role: str
    rights: dict[str, str]  # right → why not; "" when one has it everywhere


class OrganizationList(PersonView):
    @extend_schema(responses=OrganizationsShape)
    def get(self, request: Request) -> Response:
        """One's own organizations; with a token, the token's."""
        found = organizations_of(self.user)
        if self.token is not None:
            found = [organization for organization in found if organization.id == self.token.organization_id]
        person = {"id": self.user.id, "email": self.user.email, "name": str(self.user)}
        items = [_shape(organization) for organization in found]
        return Response({"items": items, "next": None, "person": person})


class OrganizationDetail(OrganizationView):
    @extend_schema(responses=OrganizationDetailShape)
    def get(self, request: Request, organization: str) -> Response:
        """What one may do here, by role; grants add to it in single environments."""
        authorize(self.actor, Right.SEE)
        return Response(self._detail(Organization.objects.get(id=self.actor.organization_id)))

    @extend_schema(request=OrganizationChange, responses=OrganizationDetailShape)
    def patch(self, request: Request, organization: str) -> Response:
        """Its short name stays: it is in every address."""
        asked = OrganizationChange(data=request.data)
        asked.is_valid(raise_exception=True)
        body = asked.validated_data
        if "name" in body:
            services.rename_organization(self.actor, name=body["name"])
        if "token_days_most" in body:
            services.set_token_days(self.actor, body["token_days_most"])
        if not body:
            authorize(self.actor, Right.CONFIGURE)
        return Response(self._detail(Organization.objects.get(id=self.actor.organization_id)))

    def _detail(self, row: Organization) -> OrganizationDetailShape:
        decisions = {str(right): decide(self.actor, right) for right in Right}
        rights = {right: "" if decision.allowed else decision.why for right, decision in decisions.items()}
        own = {"token_days_most": row.token_days_most, "role": self.actor.role, "rights": rights}
        return {**_shape(row), **own}  # type: ignore[typeddict-item]  # mypy does not follow the merge


def _shape(organization: Organization) -> OrganizationShape:
    return {"slug": organization.slug, "name": organization.name, "simulated": organization.simulated}
