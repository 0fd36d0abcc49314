from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.problems import NotFound
from apps.organizations import services
from apps.organizations.access import Right, authorize
from apps.organizations.api.door import OrganizationView
from apps.organizations.choices import Role
from apps.organizations.models import OwnershipTransfer
from apps.organizations.services.ownership import open_transfer


class OfferRequest(serializers.Serializer[Any]):
    member = serializers.UUIDField(help_text="Who is to be an owner.")
    giver_becomes = serializers.ChoiceField(
        choices=Role.choices, help_text="Your role once they have confirmed it; any but owner."
    )


class OfferShape(TypedDict):
    giver: str
    taker: str
    taker_member: UUID
    giver_becomes: str
    created_at: datetime
    expires_at: datetime


class Ownership(OrganizationView):
    asks_again = frozenset({"POST"})

    @extend_schema(responses=OfferShape)
    def get(self, request: Request, organization: str) -> Response:
        """The open offer; 404 when there is none."""
        authorize(self.actor, Right.SEE)
        offer = open_transfer()
        if offer is None:
            raise NotFound("Nobody is offered the ownership.")
        return Response(_shape(offer))

    @extend_schema(request=OfferRequest, responses={201: OfferShape})
    def post(self, request: Request, organization: str) -> Response:
        """Nothing changes until the other confirms it, within seven days. A newer offer replaces an older one."""
        asked = OfferRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        body = asked.validated_data
        services.offer_ownership(self.actor, body["member"], giver_becomes=body["giver_becomes"])
        offer = open_transfer()
        assert offer is not None  # noqa: S101  made in this transaction
        return Response(_shape(offer), status=201)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str) -> Response:
        """Withdrawn by an owner, or declined by who was to be one."""
        services.withdraw_ownership(self.actor)
        return Response(status=204)


class OwnershipAcceptance(OrganizationView):
    asks_again = frozenset({"POST"})

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, organization: str) -> Response:
        """By who was offered it, signed in and not by a token."""
        services.accept_ownership(self.actor)
        return Response(status=204)


def _shape(offer: OwnershipTransfer) -> OfferShape:
    return {
        "giver": offer.giver.user.email,
        "taker": offer.taker.user.email,
        "taker_member": offer.taker_id,
        "giver_becomes": offer.giver_becomes,
        "created_at": offer.created_at,
        "expires_at": offer.expires_at,
    }
