"""Why somebody may or may not do something somewhere."""

from __future__ import annotations

from typing import Any, TypedDict
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.queries import read_query
from apps.core.problems import NotFound
from apps.environments.places import names_of_places, place_named
from apps.organizations.access import Right, authorize
from apps.organizations.api.door import OrganizationView
from apps.organizations.explaining import explain, person_named, right_named
from apps.organizations.models import ApiToken


class ExplainQuery(serializers.Serializer[Any]):
    person = serializers.CharField(
        max_length=254, help_text="An e-mail address, a service account's name, or a member's id."
    )
    action = serializers.CharField(max_length=60, help_text="start, approve, configure, see-audit …")
    object = serializers.CharField(
        required=False,
        default="",
        max_length=130,
        help_text="production, shop, or shop/production; the whole organization when left out.",
    )
    token = serializers.UUIDField(required=False, help_text="As if asked by this token of theirs.")


class AccessExplanationShape(TypedDict):
    allowed: bool
    sentence: str
    because: list[str]


class AccessExplanation(OrganizationView):
    @extend_schema(parameters=[ExplainQuery], responses=AccessExplanationShape)
    def get(self, request: Request, organization: str) -> Response:
        """Of oneself; of anybody for who manages people or sees the audit. Decided as the act itself would be."""
        authorize(self.actor, Right.SEE)
        query = read_query(ExplainQuery, request)
        right = right_named(query["action"])
        member = person_named(self.actor, query["person"])
        place = place_named(self.actor, query["object"])
        token = _token(member.user_id, query["token"]) if query.get("token") else None
        found = explain(member, right, place, names=names_of_places(), token=token)
        shape: AccessExplanationShape = {
            "allowed": found.allowed,
            "sentence": found.sentence,
            "because": list(found.because),
        }
        return Response(shape)


def _token(user_id: UUID, identifier: UUID) -> ApiToken:
    token: ApiToken | None = ApiToken.objects.filter(id=identifier, user_id=user_id).first()
    if token is None:
        raise NotFound("This person has no such token.")
    return token
