"""The one authorization function, and the doors to people and organizations. Every face of the product asks here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from apps.audit.services import By
from apps.core import scopes
from apps.core.problems import Forbidden, NotFound
from apps.organizations.choices import GrantedRight, Role, TokenScope
from apps.organizations.models import Grant, Membership, Organization, User


class Right(StrEnum):
    SEE = "see"
    SEE_AUDIT = "see the audit"
    READ_LOGS = "read what containers write"
    MAKE_RELEASE = "make a release"
    START = "start a rollout"
    START_UNAPPROVED = "start a rollout where no approval is needed"
    STEER = "abort, pause, resume, retry or roll back"
    APPROVE = "approve"
    CONFIGURE = "change applications, environments and clusters"
    MANAGE_PEOPLE = "manage people"
    MANAGE_OWNERS = "manage owners"


# What containers write can hold secrets and people's data; masking is best effort. So it is read by those who could
# have the container write it (they make releases or deploy them) and by those who hold the cluster's credentials; not by
# viewers and auditors, who only look on.
_SEES = frozenset({Right.SEE})
_DEVELOPS = _SEES | {Right.MAKE_RELEASE, Right.START_UNAPPROVED, Right.READ_LOGS}
_RELEASES = _DEVELOPS | {Right.START, Right.STEER, Right.APPROVE}
_ADMINISTERS = _SEES | {Right.CONFIGURE, Right.MANAGE_PEOPLE, Right.SEE_AUDIT, Right.READ_LOGS}

OF_ROLE: dict[str, frozenset[Right]] = {
    Role.VIEWER: _SEES,
    Role.AUDITOR: _SEES | {Right.SEE_AUDIT},
    Role.DEVELOPER: _DEVELOPS,
    Role.RELEASER: _RELEASES,
    Role.ADMIN: _ADMINISTERS,
    Role.OWNER: _RELEASES | _ADMINISTERS | {Right.MANAGE_OWNERS},
}

OF_GRANT: dict[str, frozenset[Right]] = {
    GrantedRight.DEPLOY: frozenset({Right.START, Right.START_UNAPPROVED, Right.STEER, Right.READ_LOGS}),
    GrantedRight.APPROVE: frozenset({Right.APPROVE}),
}

OF_SCOPE: dict[str, frozenset[Right]] = {
    TokenScope.READ: frozenset({Right.SEE, Right.SEE_AUDIT}),
    TokenScope.RELEASE: frozenset({Right.SEE, Right.MAKE_RELEASE}),
    TokenScope.DEPLOY: frozenset(
        {Right.SEE, Right.START, Right.START_UNAPPROVED, Right.STEER, Right.READ_LOGS}
    ),
    TokenScope.APPROVE: frozenset({Right.SEE, Right.APPROVE}),
    TokenScope.ADMIN: frozenset({Right.SEE, Right.CONFIGURE, Right.MANAGE_PEOPLE, Right.SEE_AUDIT}),
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
    grants: frozenset[tuple[UUID, str]] = field(default_factory=frozenset)  # (environment, right)
    token_id: UUID | None = None

    @property
    def by(self) -> By:
        return By(
            "token" if self.token_id else "person", self.label, self.user_id, self.channel, self.address
        )


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    why: str


def decide(actor: Actor, right: Right, *, environment_id: UUID | None = None) -> Decision:
    """May this actor do this (there)? `why` is fit for a greyed button."""
    if actor.scopes is not None and not any(right in OF_SCOPE.get(scope, ()) for scope in actor.scopes):
        return Decision(False, f"This token's scopes do not let it {right}.")
    if right in OF_ROLE.get(actor.role, frozenset()):
        return Decision(True, f"As {actor.role}.")
    if environment_id is not None:
        for granted_environment, granted in actor.grants:
            if granted_environment == environment_id and right in OF_GRANT[granted]:
                return Decision(True, f"By a grant to {granted} here.")
    return Decision(False, f"Your role ({actor.role}) does not let you {right}.")


def authorize(actor: Actor, right: Right, *, environment_id: UUID | None = None) -> None:
    """Raises Forbidden with the reason."""
    decision = decide(actor, right, environment_id=environment_id)
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
) -> Actor:
    """The door: NotFound for a stranger, so that names tell nothing. Opens its own scopes (two short transactions)."""
    with scopes.person(user.pk):
        membership = (
            Membership.objects.select_related("organization")
            .filter(user_id=user.pk, organization__slug=slug)
            .first()
        )
    if membership is None or not user.is_active:
        raise NotFound("There is no such organization, or you are not in it.")
    organization: Organization = membership.organization
    with scopes.organization(organization.id):
        grants = frozenset(
            Grant.objects.filter(membership_id=membership.id).values_list("environment_id", "right")
        )
    return Actor(
        user_id=user.pk,
        label=str(user),
        organization_id=organization.id,
        organization_slug=organization.slug,
        role=membership.role,
        channel=channel,
        address=address,
        scopes=token_scopes,
        grants=grants,
        token_id=token_id,
    )


def organizations_of(user: User) -> list[Organization]:
    with scopes.person(user.pk):
        return list(Organization.objects.order_by("name"))


def roles_of(user: User) -> list[tuple[Organization, str]]:
    """One's own organizations, and what one is there."""
    with scopes.person(user.pk):
        rows = Membership.objects.select_related("organization").filter(user_id=user.pk)
        return [(row.organization, row.role) for row in rows.order_by("organization__name")]
