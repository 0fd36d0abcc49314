"""People come by `slipway init` and by invitations; tokens act as their person."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.problems import Conflict, Forbidden, Invalid, NotFound
from apps.core.slugs import checked_slug
from apps.organizations.access import Actor, Right, authorize, organizations_of
from apps.organizations.choices import Role, TokenScope
from apps.organizations.models import ApiToken, Invitation, Membership, Organization, User

TOKEN_PREFIX = "slp_"  # noqa: S105  a prefix by which a leaked token is recognised
INVITATION_DAYS = 7


@dataclass(frozen=True, slots=True)
class Shown:
    """A secret that is shown once, and the row that keeps only its digest."""

    secret: str
    row: ApiToken | Invitation


def digest_of(secret: str) -> bytes:
    """Plain SHA-256: the secrets have 256 bits of their own, so there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def create_organization(by: By, *, slug: str, name: str, simulated: bool = False) -> Organization:
    """In system scope or outside of any: enters its own."""
    checked_slug(slug)
    with scopes.system("make an organization"):
        if Organization.objects.filter(slug=slug).exists():
            raise Conflict(f"There is an organization called {slug} already.")
        organization: Organization = Organization.objects.create(slug=slug, name=name, simulated=simulated)
    with scopes.organization(organization.id):
        record(by, audits=[Audit("organization.create", "organization", name, organization.id)])
    return organization


def add_member(by: By, organization: Organization, user: User, role: Role) -> Membership:
    with scopes.organization(organization.id):
        membership, made = Membership.objects.get_or_create(
            organization_id=organization.id, user=user, defaults={"role": role}
        )
        if made:
            after = {"person": str(user), "role": str(role)}
            record(
                by,
                audits=[Audit("member.add", "organization", organization.name, organization.id, after=after)],
            )
    found: Membership = membership
    return found


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
    found = _find("slipway_find_invitation", digest_of(secret))
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
    found = _find("slipway_find_invitation", digest_of(secret))
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


def create_token(
    actor: Actor, *, name: str, token_scopes: Sequence[str], expires_at: datetime | None = None
) -> Shown:
    """Acts as its person; never more than its person may."""
    authorize(actor, Right.SEE)
    unknown = [scope for scope in token_scopes if scope not in TokenScope.values]
    if unknown or not token_scopes:
        sentence = f"Scopes are one or more of {', '.join(TokenScope.values)}."
        raise Invalid(sentence, fields={"scopes": sentence})
    if actor.scopes is not None and not set(token_scopes) <= actor.scopes:
        raise Forbidden("A token makes no token that may do more than itself.")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiToken.objects.create(
            organization_id=actor.organization_id,
            user_id=actor.user_id,
            name=name[:120] or "token",
            digest=digest_of(secret),
            hint=secret[:8],
            scopes=list(dict.fromkeys(token_scopes)),
            expires_at=expires_at,
        )
        record(
            actor.by, audits=[Audit("token.create", "token", row.name, row.id, after={"scopes": row.scopes})]
        )
    return Shown(secret, row)


def revoke_token(actor: Actor, identifier: UUID) -> ApiToken:
    """One's own, or anybody's for who manages people. A token ends itself, or with the scope for it another."""
    with transaction.atomic():
        token = (
            ApiToken.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(id=identifier)
            .first()
        )
        if token is None:
            raise NotFound("There is no such token.")
        itself = token.id == actor.token_id
        if token.user_id != actor.user_id or (actor.scopes is not None and not itself):
            authorize(actor, Right.MANAGE_PEOPLE)
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            record(actor.by, audits=[Audit("token.revoke", "token", token.name, token.id)])
    found: ApiToken = token
    return found


def find_token(secret: str) -> ApiToken | None:
    """A living token by its secret, its person with it; notes its use at most once a minute."""
    found = _find("slipway_find_token", digest_of(secret))
    if found is None:
        return None
    now = timezone.now()
    with scopes.organization(found[0]):
        token: ApiToken | None = (
            ApiToken.objects.select_related("user", "organization")
            .filter(id=found[1], revoked_at__isnull=True)
            .first()
        )
        if (
            token is None
            or (token.expires_at is not None and token.expires_at <= now)
            or not token.user.is_active
        ):
            return None
        if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
            ApiToken.objects.filter(id=token.id).update(last_used_at=now)
    return token


def rename_organization(actor: Actor, *, name: str) -> Organization:
    """Its short name stays: it is in every address."""
    authorize(actor, Right.CONFIGURE)
    name = name.strip()
    if not name or len(name) > 120:
        sentence = "A name has 1 to 120 characters."
        raise Invalid(sentence, fields={"name": sentence})
    with transaction.atomic():
        organization: Organization = Organization.objects.select_for_update().get(id=actor.organization_id)
        before, organization.name = organization.name, name
        if before != name:
            organization.save(update_fields=["name"])
            audit = Audit(
                "organization.rename", "organization", name, organization.id, before=before, after=name
            )
            record(actor.by, audits=[audit])
    return organization


def rename_person(user: User, *, name: str, address: str = "") -> None:
    """Oneself. The name stands on what one does from now on; what was written down keeps the old one."""
    name = name.strip()
    if not name or len(name) > 120:
        sentence = "A name has 1 to 120 characters."
        raise Invalid(sentence, fields={"name": sentence})
    before, user.name = user.name, name
    if before != name:
        user.save(update_fields=["name"])
        audit = Audit("person.rename", "person", name, user.pk, before=before, after=name)
        record_in_each_organization(user, audit, address=address)


def record_in_each_organization(user: User, audit: Audit, *, address: str = "") -> None:
    """What a person does to their own account concerns every organization that trusts it."""
    by = By("person", str(user), user.pk, channel="ui", address=address)
    for organization in organizations_of(user):
        with scopes.organization(organization.id):
            record(by, audits=[audit])


def change_role(actor: Actor, membership_id: UUID, *, role: str) -> Membership:
    with transaction.atomic():
        membership = _lock_membership(membership_id)
        owners = Role.OWNER in {role, membership.role}
        authorize(actor, Right.MANAGE_OWNERS if owners else Right.MANAGE_PEOPLE)
        if membership.user_id == actor.user_id:  # an admin would give themselves what a grant is for
            raise Forbidden("Somebody else changes your role.")
        if membership.role == Role.OWNER and role != Role.OWNER:
            _check_not_last_owner(membership)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        audit = Audit(
            "member.role", "person", str(membership.user), membership.user_id, before=before, after=role
        )
        record(actor.by, audits=[audit])
    return membership


def remove_member(actor: Actor, membership_id: UUID) -> None:
    """Their sockets and tokens of this organization are dead within seconds."""
    with transaction.atomic():
        membership = _lock_membership(membership_id)
        if membership.user_id != actor.user_id or actor.scopes is not None:
            authorize(actor, Right.MANAGE_OWNERS if membership.role == Role.OWNER else Right.MANAGE_PEOPLE)
        if membership.role == Role.OWNER:
            _check_not_last_owner(membership)
        user = membership.user
        ApiToken.objects.filter(user_id=user.id, revoked_at__isnull=True).update(revoked_at=timezone.now())
        membership.delete()
        record(actor.by, audits=[Audit("member.remove", "person", str(user), user.id)])


def _lock_membership(identifier: UUID) -> Membership:
    membership: Membership | None = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(id=identifier)
        .first()
    )
    if membership is None:
        raise NotFound("There is no such member.")
    return membership


def _check_not_last_owner(membership: Membership) -> None:
    others = Membership.objects.select_for_update().filter(role=Role.OWNER).exclude(id=membership.id)
    if not others.exists():
        raise Conflict("The last owner cannot leave; make somebody else an owner first.")


def _join(invitation: Invitation, user: User) -> None:
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    Membership.objects.get_or_create(
        organization_id=invitation.organization_id, user=user, defaults={"role": invitation.role}
    )
    by = By("person", str(user), user.pk, channel="ui")
    record(by, audits=[Audit("member.join", "person", str(user), user.pk, after={"role": invitation.role})])


def _find(function: str, digest: bytes) -> tuple[UUID, UUID] | None:
    """One of the enumerated look-ups before any scope; answers ids only."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {function}(%s)", [digest])  # noqa: S608  a constant of this module
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None
