"""Members without a person who signs in: they act by tokens alone, and approve nothing."""

from __future__ import annotations

from django.db import transaction

from apps.audit.services import Audit, record
from apps.core.ids import uuid7
from apps.core.problems import Conflict, Invalid
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.choices import Role
from apps.organizations.models import Membership, User
from apps.organizations.services.more_than_oneself import check_role_within


def create_service_account(actor: Actor, *, name: str, role: str) -> Membership:
    """It belongs to this organization alone. Its address is nobody's: no mail, no sign-in, no invitation reaches it."""
    authorize(actor, Right.MANAGE_PEOPLE)
    name = name.strip()
    wrong = {}
    if not 1 <= len(name) <= 120:
        wrong["name"] = "A name has 1 to 120 characters: what will use it?"
    if role not in Role.values or role == Role.OWNER:
        wrong["role"] = "A service account is admin, releaser, developer, auditor or viewer."
    if wrong:
        raise Invalid(" ".join(wrong.values()), fields=wrong)
    check_role_within(actor, role)
    with transaction.atomic():
        if Membership.objects.filter(user__is_service=True, user__name__iexact=name).exists():
            sentence = f"There is a service account called {name} already."
            raise Conflict(sentence, fields={"name": sentence})
        identifier = uuid7()
        user = User.objects.create_user(
            f"{identifier}@service.invalid", None, id=identifier, name=name, is_service=True
        )
        account: Membership = Membership.objects.create(
            organization_id=actor.organization_id, user=user, role=role
        )
        record(
            actor.by,
            audits=[Audit("service-account.create", "person", name, user.pk, after={"role": role})],
        )
    return account
