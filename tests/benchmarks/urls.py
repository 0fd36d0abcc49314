"""A bare Django view with what an API read does besides being an API: token, door, scope, the same SQL."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.urls import path

from apps.core import scopes
from apps.organizations.access import access_organization
from apps.organizations.services import find_token
from apps.rollouts.access import access_rollout
from slipway.urls import urlpatterns as product


def bare(request: HttpRequest, organization: str, rollout: UUID) -> JsonResponse:
    token = find_token(request.headers["Authorization"].partition(" ")[2])
    assert token is not None
    actor = access_organization(
        token.user,
        organization,
        channel="api",
        token_id=token.id,
        token_scopes=frozenset(token.scopes),
    )
    with scopes.organization(actor.organization_id):
        row = access_rollout(actor, rollout)
    return JsonResponse({"id": row.id, "phase": row.phase, "sentence": row.sentence})


urlpatterns = [
    path("bare/<slug:organization>/rollouts/<uuid:rollout>/", bare),
    *product,
]
