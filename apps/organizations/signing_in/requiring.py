"""An organization that requires a second factor of its members, from a day on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.audit.services import Audit, record
from apps.core.problems import Invalid
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.models import Membership, Organization
from apps.organizations.signing_in.factors import FACTORS
from apps.organizations.signing_in.proofs import Proof

MOST_DAYS = 90


def require_second_factor(actor: Actor, *, after_days: int | None, proof: Proof) -> Organization:
    """None: not any more. In the organization's scope. Who requires it goes ahead: they have shown theirs already, so
    that the switch shuts nobody out who could switch it back."""
    authorize(actor, Right.MANAGE_OWNERS)
    if after_days is not None and not 0 <= after_days <= MOST_DAYS:
        sentence = f"Members get 0 to {MOST_DAYS} days."
        raise Invalid(sentence, fields={"after_days": sentence})
    if after_days is not None and not proof.second_factor:
        sentence = "Show your own second factor first: sign in with it, or set one up. Else you would be shut out, too."
        raise Invalid(sentence, fields={"after_days": sentence})
    with transaction.atomic():
        organization: Organization = Organization.objects.select_for_update().get(id=actor.organization_id)
        before = organization.second_factor_from
        after = None if after_days is None else timezone.now() + timedelta(days=after_days)
        if before is None and after is None:
            return organization
        organization.second_factor_from = after
        organization.save(update_fields=["second_factor_from"])
        audit = Audit(
            "organization.second-factor",
            "organization",
            organization.name,
            organization.id,
            before={"required_from": before.isoformat() if before else None},
            after={"required_from": after.isoformat() if after else None},
        )
        record(actor.by, audits=[audit])
    return organization


def members_without_factor() -> QuerySet[Membership]:
    """Whom it would shut out, by name. In the organization's scope."""
    factors = Authenticator.objects.filter(user_id=OuterRef("user_id"), type__in=FACTORS)
    rows: Any = Membership.objects.select_related("user").exclude(Exists(factors))
    found: QuerySet[Membership] = rows.order_by("user__name", "user__email")
    return found
