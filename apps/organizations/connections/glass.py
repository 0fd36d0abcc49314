"""Breaking the glass: the named owner gets in for an hour although the connection is broken, and it is written down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.problems import Forbidden, Invalid, NotFound
from apps.organizations.choices import Role
from apps.organizations.connections.shown import GLASS, GLASS_LASTS
from apps.organizations.models import Membership, User
from apps.organizations.signing_in.proofs import Proof


def access_glass(user: User, slug: str, proof: Proof) -> Membership:
    """The membership whose owner was named for it. Raises NotFound, Forbidden."""
    with scopes.person(user.pk):
        row: Membership | None = (
            Membership.objects.select_related("organization")
            .filter(user_id=user.pk, organization__slug=slug, suspended_at__isnull=True)
            .first()
        )
    if row is None:
        raise NotFound("There is no such organization, or you are not in it.")
    if not (row.breaks_glass and row.role == Role.OWNER and proof.own):
        raise Forbidden("Only the owner who was named for it may, signed in by a password of their own.")
    return row


def break_glass(
    user: User, slug: str, *, why: str, proof: Proof, session: Any, address: str = ""
) -> datetime:
    """Until when it is open, in this session alone. Raises NotFound, Forbidden, Invalid."""
    row = access_glass(user, slug, proof)
    why = why.strip()
    if not why or len(why) > 500:
        sentence = "Say why, in 1 to 500 characters: others will read it."
        raise Invalid(sentence, fields={"why": sentence})
    now = timezone.now()
    with scopes.organization(row.organization_id):
        by = By("person", str(user), user.pk, channel="ui", address=address)
        organization = row.organization
        record(
            by,
            audits=[
                Audit("connection.break-glass", "organization", organization.name, organization.id, why=why)
            ],
        )
    session[GLASS] = {**session.get(GLASS, {}), str(row.organization_id): now.timestamp()}
    return now + GLASS_LASTS
