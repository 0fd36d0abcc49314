"""Somebody comes back from an identity provider: who they are here, and what that makes them in this one organization.

A connection reaches the people who are linked to it, by its own random key and the provider's subject; nobody by an
address that it claims.
"""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.problems import Conflict, Forbidden
from apps.organizations.choices import ConnectionStatus, Role
from apps.organizations.connections.claims import Claims, domain_of, role_for, teams_for
from apps.organizations.models import (
    Connection,
    Membership,
    Organization,
    Team,
    TeamMember,
    User,
    VerifiedDomain,
)
from apps.organizations.signing_in.proofs import Proof

_ELSEWHERE = "There is a person with this address already. Sign in your own way first, then come back here to link the two."


def arrive(connection: Connection, claims: Claims, *, address: str = "") -> User:
    """A stranger to this session signs in. Raises Forbidden, Conflict."""
    _check_on(connection)
    identity = _identity(connection, claims)
    with scopes.organization(connection.organization_id):
        if identity is None:
            return _admit(connection, claims, address=address)
        user: User = identity.user
        membership = _membership(user)
        if membership is None or not user.is_active or user.is_service:
            raise Forbidden(f"You are not in {connection.organization.name}. Ask an owner for an invitation.")
        _follow_groups(connection, membership, claims)
        _record(connection, user, "person.sign-in", address=address)
    return user


def link(connection: Connection, claims: Claims, user: User, proof: Proof, *, address: str = "") -> None:
    """A person who is signed in came by a connection, too. Raises Forbidden, Conflict."""
    _check_on(connection)
    identity = _identity(connection, claims)
    if identity is not None and identity.user_id != user.pk:
        raise Conflict("Whom you signed in as is linked to another person here. Sign out first.")
    with scopes.organization(connection.organization_id):
        membership = _membership(user)
        if membership is None:
            raise Forbidden(f"You are not in {connection.organization.name}. Ask an owner for an invitation.")
        if identity is None:
            # A session that some provider opened would link whoever runs that one to this person.
            if not proof.own:
                raise Forbidden("Sign in your own way first: only then can a connection be linked to you.")
            try:
                with transaction.atomic():
                    SocialAccount.objects.create(user=user, provider=connection.key, uid=claims.subject)
            except IntegrityError:
                raise Conflict("Whom you signed in as was linked just now. Try again.") from None
            _record(connection, user, "person.link", address=address)
        _follow_groups(connection, membership, claims)
        _record(connection, user, "person.step-up", address=address)


def _check_on(connection: Connection) -> None:
    if connection.status != ConnectionStatus.ON:
        raise Forbidden(f"{connection.name} is not switched on.")


def _identity(connection: Connection, claims: Claims) -> SocialAccount | None:
    found: SocialAccount | None = (
        SocialAccount.objects.select_related("user")
        .filter(provider=connection.key, uid=claims.subject)
        .first()
    )
    return found


def _membership(user: User) -> Membership | None:
    row: Membership | None = (
        Membership.objects.select_for_update().filter(user_id=user.pk, suspended_at__isnull=True).first()
    )
    return row


def _admit(connection: Connection, claims: Claims, *, address: str) -> User:
    """Just in time: a person nobody here knows, with an address in a domain that is the organization's own."""
    organization: Organization = connection.organization
    if not connection.admits_new:
        raise Forbidden(
            f"{organization.name} lets in only people who were invited. Ask an owner for an invitation."
        )
    proven = (
        claims.email
        and not claims.email_refused
        and VerifiedDomain.objects.filter(domain=domain_of(claims.email), verified_at__isnull=False).exists()
    )
    if not proven:  # said before anybody is looked for, so that it tells nothing of who there is
        raise Forbidden(
            f"{connection.name} gave no verified address in a domain of {organization.name}. "
            "If you have an account here, sign in your own way first, then come back to link the two."
        )
    if User.objects.filter(email=claims.email).exists():
        raise Conflict(_ELSEWHERE)
    try:
        with transaction.atomic():
            user = User.objects.create_user(claims.email, None, name=claims.name)
            SocialAccount.objects.create(user=user, provider=connection.key, uid=claims.subject)
    except IntegrityError:  # two first sign-ins at once
        raise Conflict(_ELSEWHERE) from None
    role = role_for(claims.groups, connection.role_of_group, connection.default_role)
    membership = Membership.objects.create(organization_id=organization.id, user=user, role=role)
    by = By("connection", connection.name, connection.id, channel="ui", address=address)
    record(by, audits=[Audit("member.admit", "person", str(user), user.pk, after={"role": role})])
    _follow_groups(connection, membership, claims)
    _record(connection, user, "person.sign-in", address=address)
    return user


def _follow_groups(connection: Connection, membership: Membership, claims: Claims) -> None:
    """Role and teams as the groups say, where anything is said of groups at all. Owners are never touched."""
    audits = []
    by = By("connection", connection.name, connection.id, channel="ui")
    if connection.role_of_group and membership.role != Role.OWNER:
        role = role_for(claims.groups, connection.role_of_group, connection.default_role)
        if role != membership.role:
            before, membership.role = membership.role, role
            membership.save(update_fields=["role"])
            person = str(membership.user)
            audits.append(
                Audit("member.role", "person", person, membership.user_id, before=before, after=role)
            )
    mapped = set(connection.team_of_group.values())
    if mapped:
        wanted = teams_for(claims.groups, connection.team_of_group)
        for team in Team.objects.filter(slug__in=mapped):
            rows = TeamMember.objects.filter(team=team, membership=membership)
            if team.slug in wanted:
                _, changed = TeamMember.objects.get_or_create(
                    organization_id=membership.organization_id, team=team, membership=membership
                )
                act = "team.add-member"
            else:
                changed, act = bool(rows.delete()[0]), "team.remove-member"
            if changed:
                after = {"person": str(membership.user)}
                audits.append(Audit(act, "team", team.name, team.id, after=after))
    if audits:
        record(by, audits=audits)


def _record(connection: Connection, user: User, act: str, *, address: str) -> None:
    by = By("person", str(user), user.pk, channel="ui", address=address)
    after = {"connection": connection.name}
    record(by, audits=[Audit(act, "person", str(user), user.pk, after=after)])
