"""Who is in the organization, what they may do where, and their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.utils import timezone

from apps.environments.models import Environment
from apps.organizations.access import Actor
from apps.organizations.choices import Role
from apps.organizations.models import ApiToken, Grant, Invitation, Membership

PAGE_SIZE = 40

ROLE_WORDS = {
    Role.OWNER: "everything, and who else is an owner",
    Role.ADMIN: "people, applications, environments, clusters; deploys only by a grant",
    Role.RELEASER: "starts, stops, rolls back and approves everywhere",
    Role.DEVELOPER: "makes releases; starts rollouts where no approval is needed",
    Role.AUDITOR: "sees everything, the audit included",
    Role.VIEWER: "sees",
}


@dataclass(frozen=True, slots=True)
class GrantLine:
    id: UUID
    right: str
    environment: str
    by: str


@dataclass(frozen=True, slots=True)
class MemberLine:
    membership: Membership
    oneself: bool
    may: str
    grants: tuple[GrantLine, ...]


@dataclass(frozen=True, slots=True)
class TokenLine:
    token: ApiToken
    state: str  # "", revoked, run out
    state_at: datetime | None


def member_lines(actor: Actor, *, page: str, sought: str) -> tuple[Page[Membership], tuple[MemberLine, ...]]:
    rows = Membership.objects.select_related("user").order_by("user__name", "user__email", "id")
    if sought:
        rows = rows.filter(Q(user__name__icontains=sought) | Q(user__email__icontains=sought))
    chosen = Paginator(rows, PAGE_SIZE).get_page(page)
    members = list(chosen)
    grants = _grants(members)
    return chosen, tuple(_line(actor, member, grants) for member in members)


def member_line(actor: Actor, member: Membership) -> MemberLine:
    return _line(actor, member, _grants([member]))


def open_invitations() -> tuple[Invitation, ...]:
    """Those whose links still work, newest first."""
    rows = Invitation.objects.filter(accepted_at__isnull=True, expires_at__gt=timezone.now())
    return tuple(rows.order_by("-created_at")[:100])


def token_lines(actor: Actor, *, everybody: bool, page: str) -> tuple[Page[ApiToken], tuple[TokenLine, ...]]:
    """Those that work before those that do not."""
    rows = ApiToken.objects.select_related("user").order_by("revoked_at", "-created_at", "id")
    if not everybody:
        rows = rows.filter(user_id=actor.user_id)
    chosen = Paginator(rows, PAGE_SIZE).get_page(page)
    return chosen, tuple(_token(row) for row in chosen)


def _line(actor: Actor, member: Membership, grants: dict[UUID, list[GrantLine]]) -> MemberLine:
    return MemberLine(
        membership=member,
        oneself=member.user_id == actor.user_id,
        may=ROLE_WORDS[Role(member.role)],
        grants=tuple(grants.get(member.id, ())),
    )


def _grants(members: list[Membership]) -> dict[UUID, list[GrantLine]]:
    rows = Grant.objects.filter(membership__in=members).select_related("given_by").order_by("created_at")
    names = dict(Environment.objects.order_by().values_list("id", "name"))
    found: dict[UUID, list[GrantLine]] = {}
    for row in rows:
        line = GrantLine(row.id, row.right, names.get(row.environment_id, ""), str(row.given_by))
        found.setdefault(row.membership_id, []).append(line)
    return found


def _token(row: ApiToken) -> TokenLine:
    if row.revoked_at is not None:
        return TokenLine(row, "revoked", row.revoked_at)
    if row.expires_at is not None and row.expires_at <= timezone.now():
        return TokenLine(row, "run out", row.expires_at)
    return TokenLine(row, "", None)
