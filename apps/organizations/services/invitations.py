"""People come by links that work once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.problems import Conflict, Invalid, NotFound
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.choices import Role
from apps.organizations.models import Invitation, Membership, Organization, User
from apps.organizations.services.shown_once import Shown, digest_of, find_by_digest

INVITATION_DAYS = 7


def invite(actor: Actor, *, email: str, role: str) -> Shown:
    """A link to copy; works once, for seven days."""
    authorize(actor, Right.MANAGE_OWNERS if role == Role.OWNER else Right.MANAGE_PEOPLE)
    if role not in Role.values:
        raise Invalid(f"A role is one of {', '.join(Role.values)}.", fields={"role": "unknown role"})
    with scopes.organization(actor.organization_id):
        return _invitation(actor.by, email=email, role=role)


def first_owner_link(*, email: str) -> Shown:
    """For `slipway init` on an empty installation."""
    with scopes.system("is the installation empty?"):
        organization = Organization.objects.order_by("created_at").first()
    if organization is None:
        raise NotFound("Make an organization first.")
    with scopes.organization(organization.id):
        return _invitation(By("operator", "slipway init", channel="command"), email=email, role=Role.OWNER)


def _invitation(by: By, *, email: str, role: str) -> Shown:
    secret = secrets.token_urlsafe(32)
    row = Invitation.objects.create(
        organization_id=scopes.organization_id(),
        digest=digest_of(secret),
        email=email.strip().lower(),
        role=role,
        invited_by_label=by.label,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    record(by, audits=[Audit("member.invite", "invitation", row.email, row.id, after={"role": role})])
    return Shown(secret, row)


def withdraw_invitation(actor: Actor, identifier: UUID) -> None:
    """Its link is dead from now on; the row stays for the list."""
    authorize(actor, Right.MANAGE_PEOPLE)
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().filter(id=identifier).first()
        if invitation is None:
            raise NotFound("There is no such invitation.")
        if invitation.accepted_at is not None:
            raise Conflict("This invitation was accepted already; remove the member instead.")
        now = timezone.now()
        if invitation.expires_at > now:
            invitation.expires_at = now
            invitation.save(update_fields=["expires_at"])
            record(
                actor.by,
                audits=[Audit("member.withdraw-invitation", "invitation", invitation.email, invitation.id)],
            )


def accept_invitation(secret: str, *, password: str, name: str) -> User:
    """Makes the person (or finds the one of that address) and the membership. Raises NotFound, Invalid."""
    found = find_by_digest("slipway_find_invitation", digest_of(secret))
    gone = "This link was used already, has run out, or never was one."
    if found is None:
        raise NotFound(gone)
    organization_id, invitation_id = found
    with scopes.organization(organization_id):
        invitation = Invitation.objects.select_for_update().get(id=invitation_id)
        if invitation.accepted_at is not None or invitation.expires_at < timezone.now():
            raise NotFound(gone)
        user = User.objects.filter(email=invitation.email).first()
        if user is not None:
            raise Conflict("There is a person with this address already; sign in, then open the link again.")
        try:
            validate_password(password, User(email=invitation.email, name=name))
        except ValidationError as error:
            raise Invalid(" ".join(error.messages), fields={"password": " ".join(error.messages)}) from error
        user = User.objects.create_user(invitation.email, password, name=name.strip()[:120])
        _join(invitation, user)
    return user


def join_by_invitation(secret: str, user: User) -> UUID:
    """A person who is signed in takes an invitation to their own address."""
    found = find_by_digest("slipway_find_invitation", digest_of(secret))
    if found is None:
        raise NotFound("This link was used already, has run out, or never was one.")
    with scopes.organization(found[0]):
        invitation = Invitation.objects.select_for_update().get(id=found[1])
        if (
            invitation.accepted_at is not None
            or invitation.expires_at < timezone.now()
            or invitation.email != user.email
        ):
            raise NotFound("This link is not for you, was used already or has run out.")
        _join(invitation, user)
    return found[0]


def _join(invitation: Invitation, user: User) -> None:
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    Membership.objects.get_or_create(
        organization_id=invitation.organization_id, user=user, defaults={"role": invitation.role}
    )
    by = By("person", str(user), user.pk, channel="ui")
    record(by, audits=[Audit("member.join", "person", str(user), user.pk, after={"role": invitation.role})])
