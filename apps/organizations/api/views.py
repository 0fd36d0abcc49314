from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit.models import Activity, AuditEntry
from apps.audit.services import verify_chain
from apps.core.api.pages import Order, page
from apps.organizations import services
from apps.organizations.access import Right, authorize, organizations_of
from apps.organizations.api.door import OrganizationView, PersonView
from apps.organizations.choices import Role, TokenScope
from apps.organizations.models import ApiToken, Membership


class OrganizationShape(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()


class TokenRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=TokenScope.choices), min_length=1)
    days = serializers.IntegerField(min_value=1, max_value=3650, required=False)


class InvitationRequest(serializers.Serializer[Any]):
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Role.choices)


class OrganizationList(PersonView):
    @extend_schema(responses=OrganizationShape(many=True))
    def get(self, request: Request) -> Response:
        """One's own organizations; with a token, the token's."""
        found = organizations_of(self.user)
        if self.token is not None:
            found = [organization for organization in found if organization.id == self.token.organization_id]
        items = [{"slug": organization.slug, "name": organization.name} for organization in found]
        return Response(
            {"items": items, "next": None, "person": {"email": self.user.email, "name": str(self.user)}}
        )


class AuditList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str) -> Response:
        authorize(self.actor, Right.SEE_AUDIT)
        rows = AuditEntry.objects.filter(organization_id=self.actor.organization_id)
        for name in ("action", "object_id", "actor_id"):
            if value := request.query_params.get(name):
                rows = rows.filter(**{name: value})
        return Response(page(request, rows, Order("number"), _entry))


class AuditVerification(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str) -> Response:
        """Walks the whole chain."""
        authorize(self.actor, Right.SEE_AUDIT)
        verdict = verify_chain()
        return Response(
            {
                "sound": verdict.sound,
                "entries": verdict.entries,
                "first_bad": verdict.first_bad,
                "sentence": verdict.sentence,
            }
        )


class ActivityList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str) -> Response:
        authorize(self.actor, Right.SEE)
        rows = Activity.objects.filter(organization_id=self.actor.organization_id)
        return Response(page(request, rows, Order("number"), _activity))


class MemberList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str) -> Response:
        authorize(self.actor, Right.SEE)
        rows = Membership.objects.filter(organization_id=self.actor.organization_id).select_related("user")
        return Response(page(request, rows, Order("created_at", "id", descending=False), _member))


class InvitationList(OrganizationView):
    @extend_schema(request=InvitationRequest, responses={201: dict})
    def post(self, request: Request, organization: str) -> Response:
        """The link is shown once; nothing is mailed."""
        from django.conf import settings

        asked = InvitationRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        shown = services.invite(self.actor, **asked.validated_data)
        link = f"{settings.PUBLIC_URL}/invitations/{shown.secret}/"
        self._key = None  # an answer with a secret is not stored for a replay
        return Response({"id": shown.row.id, "link": link}, status=201)


class TokenList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str) -> Response:
        rows = ApiToken.objects.filter(organization_id=self.actor.organization_id, user_id=self.actor.user_id)
        return Response(page(request, rows, Order("created_at", "id"), _token))

    @extend_schema(request=TokenRequest, responses={201: dict})
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
        )
        self._key = None  # an answer with a secret is not stored for a replay
        row = shown.row
        assert isinstance(row, ApiToken)  # noqa: S101  create_token makes one
        return Response({**_token(row), "secret": shown.secret}, status=201)


class TokenDetail(OrganizationView):
    @extend_schema(responses={200: dict})
    def delete(self, request: Request, organization: str, token: UUID) -> Response:
        return Response(_token(services.revoke_token(self.actor, token)))


def _entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": entry.at,
        "by": {
            "kind": entry.actor_kind,
            "id": entry.actor_id,
            "label": entry.actor_label,
            "channel": entry.channel,
        },
        "action": entry.action,
        "object": {"kind": entry.object_kind, "id": entry.object_id, "label": entry.object_label},
        "why": entry.why,
        "hash": bytes(entry.hash).hex(),
    }


def _activity(row: Activity) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": row.at,
        "kind": row.kind,
        "phase": row.phase,
        "rollout": row.rollout_id,
        "by": row.actor_label,
        "body": row.body,
    }


def _member(membership: Membership) -> dict[str, Any]:
    return {
        "id": membership.id,
        "email": membership.user.email,
        "name": str(membership.user),
        "role": membership.role,
        "since": membership.created_at,
    }


def _token(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "scopes": token.scopes,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }
