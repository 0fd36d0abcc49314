"""Nobody gives themselves what a grant is for: not directly, not through a team, not through a service account whose
token they hold."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.core.problems import Forbidden
from apps.organizations.access import OF_GRANT, OF_ROLE, OF_SCOPE, Actor, Right, decide
from apps.organizations.models import ApiToken, Membership, Team
from apps.organizations.standing import HeldGrant, grants_of, with_standing

BY_SOMEBODY_ELSE = "A grant is given by somebody else."


def check_role_within(actor: Actor, role: str) -> None:
    """A service account's role gives nothing that who makes it may not do."""
    for right in sorted(OF_ROLE[role] - {Right.APPROVE}):
        if not decide(actor, right).allowed:
            raise Forbidden(
                f"You may not {right} yourself, so you make no account that may.", right=str(right)
            )


def check_token_within(actor: Actor, account: Membership, scopes: Iterable[str]) -> None:
    """Who makes a service account's token holds all that the account may do by it."""
    let_through = {right for scope in scopes for right in OF_SCOPE[scope]} - {Right.APPROVE}
    for right in sorted(let_through & OF_ROLE[account.role]):
        _check(actor, right, None, None)
    held = with_standing(Membership.objects.filter(id=account.id)).get()
    for grant in grants_of(held):
        for right in sorted(let_through & OF_GRANT[grant.right]):
            _check(actor, right, grant.environment_id, grant.application_id)


def check_not_to_oneself(actor: Actor, member: Membership, grants: Iterable[HeldGrant]) -> None:
    """Before a member is given these, or comes into a team that has them."""
    if member.user_id == actor.user_id:
        raise Forbidden(BY_SOMEBODY_ELSE)
    if member.user.is_service and _tokens_made_by(actor).filter(user_id=member.user_id).exists():
        for grant in grants:
            _check_all(actor, grant)


def check_not_to_ones_team(actor: Actor, team: Team, grant: HeldGrant) -> None:
    if any(held.id == team.id for held in actor.teams):
        raise Forbidden(f"You are in {team.name}: {BY_SOMEBODY_ELSE[0].lower()}{BY_SOMEBODY_ELSE[1:]}")
    in_team = Q(user__memberships__teams__team_id=team.id, user__is_service=True)
    if _tokens_made_by(actor).filter(in_team).exists():
        _check_all(actor, grant)


def _tokens_made_by(actor: Actor) -> QuerySet[ApiToken]:
    now = timezone.now()
    living = Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))
    rows: QuerySet[ApiToken] = ApiToken.objects.filter(living, created_by_id=actor.user_id)
    return rows


def _check_all(actor: Actor, grant: HeldGrant) -> None:
    for right in sorted(OF_GRANT[grant.right] - {Right.APPROVE}):
        _check(actor, right, grant.environment_id, grant.application_id)


def _check(actor: Actor, right: Right, environment_id: UUID | None, application_id: UUID | None) -> None:
    may = decide(actor, right, environment_id=environment_id, application_id=application_id)
    if not may.allowed:
        raise Forbidden(
            f"You would hold a token that may {right}, which you may not yourself; somebody who may does this.",
            right=str(right),
        )
