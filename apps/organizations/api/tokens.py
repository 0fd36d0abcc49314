from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from django.utils import timezone
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
from apps.organizations.choices import TokenScope
from apps.organizations.models import ApiToken


class TokenQuery(PageQuery):
    everybody = serializers.BooleanField(
        required=False, default=False, help_text="For who manages people: not only one's own."
    )


class TokenRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=TokenScope.choices), min_length=1)
    days = serializers.IntegerField(
        min_value=1, max_value=3650, required=False, help_text="Needed where the organization limits them."
    )
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=50),
        required=False,
        default=list,
        max_length=20,
        help_text="Networks it may be used from: 203.0.113.7, 10.1.0.0/16. None: from anywhere.",
    )
    account = serializers.UUIDField(
        required=False, help_text="The member's id of a service account that it is to act as."
    )


class TokenShape(TypedDict):
    id: UUID
    person: str
    name: str
    hint: str
    service: bool  # it acts as a service account
    scopes: list[str]
    addresses: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_address: str
    revoked_at: datetime | None


class NewTokenShape(TokenShape):
    secret: str


class TokenList(OrganizationView):
    asks_again = frozenset({"POST"})

    @extend_schema(parameters=[TokenQuery], responses=PageOf(TokenShape))
    def get(self, request: Request, organization: str) -> Response:
        authorize(self.actor, Right.SEE)
        query = read_query(TokenQuery, request)
        rows = ApiToken.objects.filter(organization_id=self.actor.organization_id).select_related("user")
        if query["everybody"]:
            authorize(self.actor, Right.MANAGE_PEOPLE)
        else:
            rows = rows.filter(user_id=self.actor.user_id)
        return Response(page(query, rows, Order("created_at", "id"), _token))

    @extend_schema(request=TokenRequest, responses={201: NewTokenShape})
    def post(self, request: Request, organization: str) -> Response:
        """The secret is shown once."""
        asked = TokenRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        days = asked.validated_data.get("days")
        shown = services.create_token(
            self.actor,
            name=asked.validated_data["name"],
            token_scopes=asked.validated_data["scopes"],
            expires_at=timezone.now() + timedelta(days=days) if days else None,
            addresses=asked.validated_data["addresses"],
            account_id=asked.validated_data.get("account"),
        )
        row = shown.row
        assert isinstance(row, ApiToken)  # noqa: S101  create_token makes one
        self.shows_secret(row.id)
        return Response({**_token(row), "secret": shown.secret}, status=201)


class TokenDetail(OrganizationView):
    @extend_schema(responses=TokenShape)
    def delete(self, request: Request, organization: str, token: UUID) -> Response:
        """Revokes it: one's own, or anybody's for who manages people."""
        return Response(_token(services.revoke_token(self.actor, token)))


def _token(token: ApiToken) -> TokenShape:
    return {
        "id": token.id,
        "person": str(token.user) if token.user.is_service else token.user.email,
        "name": token.name,
        "hint": token.hint,
        "service": token.user.is_service,
        "scopes": token.scopes,
        "addresses": token.allowed_addresses,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "last_used_address": token.last_used_address,
        "revoked_at": token.revoked_at,
    }
