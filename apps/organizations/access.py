"""The one authorization function, and the doors to people and organizations. Every face of the product asks here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef

from apps.audit.services import By
from apps.core import scopes
from apps.core.problems import Forbidden, NotFound, Problem
from apps.organizations.choices import GrantedRight, Role, TokenScope
from apps.organizations.connections.shown import with_connection
from apps.organizations.models import Membership, Organization, User
from apps.organizations.signing_in.factors import FACTORS
from apps.organizations.signing_in.proofs import NOTHING_SHOWN, Proof, check_connection, check_second_factor
from apps.organizations.standing import HeldGrant, HeldTeam, grants_of, teams_of, with_standing


class Right(StrEnum):
    SEE = "see"
    SEE_AUDIT = "see the audit"
    READ_LOGS = "read what containers write"
    MAKE_RELEASE = "make a release"
    START = "start a rollout"
    START_UNAPPROVED = "start a rollout where no approval is needed"
    STEER = "abort, pause, resume, retry or roll back"
    APPROVE = "approve"
    BREAK_GLASS = "let a rollout through without its approvals"
    CONFIGURE = "change applications, environments and clusters"
    SET_POLICY = "change what a rollout needs"
    MANAGE_PEOPLE = "manage people"
    MANAGE_OWNERS = "manage owners"


# What containers write can hold secrets and people's data; masking is best effort. So it is read by those who could
# have the container write it (they make releases or deploy them) and by those who hold the cluster's credentials; not by
# viewers and auditors, who only look on.
_SEES = frozenset({Right.SEE})
_DEVELOPS = _SEES | {Right.MAKE_RELEASE, Right.START_UNAPPROVED, Right.READ_LOGS}
_RELEASES = _DEVELOPS | {Right.START, Right.STEER, Right.APPROVE}
_ADMINISTERS = _SEES | {
    Right.CONFIGURE,
    Right.SET_POLICY,
    Right.MANAGE_PEOPLE,
    Right.SEE_AUDIT,
    Right.READ_LOGS,
}

OF_ROLE: dict[str, frozenset[Right]] = {
    Role.VIEWER: _SEES,
    Role.AUDITOR: _SEES | {Right.SEE_AUDIT},
    Role.DEVELOPER: _DEVELOPS,
    Role.RELEASER: _RELEASES,
    Role.ADMIN: _ADMINISTERS,
    Role.OWNER: _RELEASES | _ADMINISTERS | {Right.BREAK_GLASS, Right.MANAGE_OWNERS},
}

OF_GRANT: dict[str, frozenset[Right]] = {
    GrantedRight.DEPLOY: frozenset({Right.START, Right.START_UNAPPROVED, Right.STEER, Right.READ_LOGS}),
    GrantedRight.APPROVE: frozenset({Right.APPROVE}),
    # Not what a rollout needs: whoever makes releases there would lower it, and so give themselves the deploys.
    GrantedRight.CONFIGURE: frozenset({Right.CONFIGURE}),
}

# Whoever holds its token would decide for people.
NEVER_A_SERVICE = frozenset({Right.APPROVE, Right.MANAGE_OWNERS})

OF_SCOPE: dict[str, frozenset[Right]] = {
    TokenScope.READ: frozenset({Right.SEE, Right.SEE_AUDIT}),
    TokenScope.RELEASE: frozenset({Right.SEE, Right.MAKE_RELEASE}),
    TokenScope.DEPLOY: frozenset(
        {Right.SEE, Right.START, Right.START_UNAPPROVED, Right.STEER, Right.READ_LOGS}
    ),
    TokenScope.APPROVE: frozenset({Right.SEE, Right.APPROVE, Right.BREAK_GLASS}),
    TokenScope.ADMIN: frozenset(
        {Right.SEE, Right.CONFIGURE, Right.SET_POLICY, Right.MANAGE_PEOPLE, Right.SEE_AUDIT}
    ),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody in one organization. `scopes` None: signed in, not by token."""

    user_id: UUID
    label: str
    organization_id: UUID
    organization_slug: str
    role: str
    channel: str = "ui"
    address: str = ""
    scopes: frozenset[str] | None = None
    grants: frozenset[HeldGrant] = field(default_factory=frozenset)  # their own and their teams'
    teams: frozenset[HeldTeam] = field(default_factory=frozenset)
    token_id: UUID | None = None
    opened_by: UUID | None = None  # the organization's connection by which the session came
    is_service: bool = False

    @property
    def by(self) -> By:
        return By(
            "token" if self.token_id else "person", self.label, self.user_id, self.channel, self.address
        )


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    why: str


class Suspended(Problem):
    """Somebody who belongs here and may not come in for now."""

    status = 403
    kind = "suspended"
    title = "Your membership is suspended"


def decide(
    actor: Actor, right: Right, *, environment_id: UUID | None = None, application_id: UUID | None = None
) -> Decision:
    """May this actor do this (there)? `why` is fit for a greyed button.

    Name all that is known of the place: a grant for one application says nothing where no application is named.
    Without any place the answer is for the whole organization, which no grant gives.
    """
    if not scope_allows(actor.scopes, right):
        return Decision(False, f"This token's scopes do not let it {right}.")
    if actor.is_service and right in NEVER_A_SERVICE:
        return Decision(False, f"A service account cannot {right}; a person does.")
    if right in OF_ROLE.get(actor.role, frozenset()):
        return Decision(True, f"As {actor.role}.")
    for held in covering(actor.grants, environment_id, application_id):
        if right in OF_GRANT[held.right]:
            through = f" to {held.team}" if held.team else ""
            return Decision(True, f"By a grant{through} to {held.right} here.")
    return Decision(False, f"Your role ({actor.role}) does not let you {right}.")


def scope_allows(scopes: frozenset[str] | None, right: Right) -> bool:
    return scopes is None or any(right in OF_SCOPE.get(scope, ()) for scope in scopes)


def covering(
    grants: Iterable[HeldGrant], environment_id: UUID | None, application_id: UUID | None
) -> list[HeldGrant]:
    """The grants that hold at this place, in an order that does not change."""
    if environment_id is None and application_id is None:
        return []
    found = [
        held
        for held in grants
        if held.environment_id in {None, environment_id} and held.application_id in {None, application_id}
    ]
    return sorted(found, key=lambda held: (held.team, held.right)) if len(found) > 1 else found


def authorize(
    actor: Actor, right: Right, *, environment_id: UUID | None = None, application_id: UUID | None = None
) -> None:
    """Raises Forbidden with the reason."""
    decision = decide(actor, right, environment_id=environment_id, application_id=application_id)
    if not decision.allowed:
        raise Forbidden(decision.why, right=str(right))


def access_organization(
    user: User,
    slug: str,
    *,
    channel: str,
    address: str = "",
    token_id: UUID | None = None,
    token_scopes: frozenset[str] | None = None,
    proof: Proof = NOTHING_SHOWN,
) -> Actor:
    """The door: NotFound for a stranger, so that names tell nothing; StepUp for a member whose session has not shown
    what the organization asks of it. One query, in a scope of its own."""
    factors = Authenticator.objects.filter(user_id=OuterRef("user_id"), type__in=FACTORS)
    with scopes.person(user.pk):
        membership = (
            with_connection(
                with_standing(Membership.objects.select_related("organization")), proof.connections
            )
            .annotate(has_factor=Exists(factors))
            .filter(user_id=user.pk, organization__slug=slug)
            .first()
        )
    # Nobody signs in as a service account: without its token it is a stranger.
    if membership is None or not user.is_active or (user.is_service and token_id is None):
        raise NotFound("There is no such organization, or you are not in it.")
    if membership.suspended_at is not None:
        raise Suspended(
            f"Your membership of {membership.organization} is suspended. Its owners can restore it."
        )
    check_second_factor(
        organization=membership.organization.name,
        required_from=membership.organization.second_factor_from,
        by_token=token_id is not None,
        has_factor=membership.has_factor or user.is_service,  # its token is all that it has
        proof=proof,
    )
    asks_session = token_id is None and channel in {"ui", "api"}
    check_connection(membership, asks_session=asks_session, proof=proof)
    actor = actor_of(
        membership, user, channel=channel, address=address, token_id=token_id, token_scopes=token_scopes
    )
    opened_by: UUID | None = membership.opened_by  # type: ignore[attr-defined]  # `with_connection` read it
    return replace(actor, opened_by=opened_by) if opened_by else actor


def actor_of(
    membership: Membership,
    user: User,
    *,
    channel: str,
    address: str = "",
    token_id: UUID | None = None,
    token_scopes: frozenset[str] | None = None,
) -> Actor:
    """Of a membership that was read `with_standing`."""
    organization: Organization = membership.organization
    return Actor(
        user_id=user.pk,
        label=str(user),
        organization_id=organization.id,
        organization_slug=organization.slug,
        role=membership.role,
        channel=channel,
        address=address,
        scopes=token_scopes,
        grants=grants_of(membership),
        teams=teams_of(membership),
        token_id=token_id,
        is_service=user.is_service,
    )


def organizations_of(user: User) -> list[Organization]:
    with scopes.person(user.pk):
        own = Membership.objects.filter(user_id=user.pk, suspended_at__isnull=True)
        return list(Organization.objects.filter(id__in=own.values("organization_id")).order_by("name"))


def roles_of(user: User) -> list[tuple[Organization, str]]:
    """One's own organizations, and what one is there."""
    with scopes.person(user.pk):
        rows = Membership.objects.select_related("organization").filter(
            user_id=user.pk, suspended_at__isnull=True
        )
        return [(row.organization, row.role) for row in rows.order_by("organization__name")]
