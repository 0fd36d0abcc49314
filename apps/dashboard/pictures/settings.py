"""Who is in the organization, what they may do where, and their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.applications.models import Application
from apps.environments.models import Environment
from apps.organizations.access import Actor
from apps.organizations.choices import Role
from apps.organizations.models import ApiToken, Grant, Invitation, Membership, Team

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
    environment: str  # "every environment", unless it is for one
    application: str  # "" for all
    by: str
    team: str = ""  # through which; taken back there

    @property
    def words(self) -> str:
        what = f" {self.application}" if self.application else ""
        return f"{self.right}{what} in {self.environment}"


@dataclass(frozen=True, slots=True)
class MemberLine:
    membership: Membership
    oneself: bool
    may: str
    grants: tuple[GrantLine, ...]
    teams: tuple[Team, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamLine:
    team: Team
    members: tuple[Membership, ...]
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
    chosen = Paginator(rows.prefetch_related("teams__team"), PAGE_SIZE).get_page(page)
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
        teams=tuple(row.team for row in member.teams.all()),
    )


def _grants(members: list[Membership]) -> dict[UUID, list[GrantLine]]:
    """Their own and, of their teams', what they may by them."""
    in_team: dict[UUID, list[UUID]] = {}
    for member in members:
        for row in member.teams.all():
            in_team.setdefault(row.team_id, []).append(member.id)
    rows = Grant.objects.filter(Q(membership__in=members) | Q(team_id__in=in_team))
    found: dict[UUID, list[GrantLine]] = {}
    for grant, line in _grant_lines(rows):
        holders = in_team[grant.team_id] if grant.team_id else [grant.membership_id]
        for holder in holders:
            if holder is not None:
                found.setdefault(holder, []).append(line)
    return found


def _grant_lines(rows: QuerySet[Grant]) -> list[tuple[Grant, GrantLine]]:
    given = list(rows.select_related("given_by", "team").order_by("created_at"))
    environments = dict(Environment.objects.order_by().values_list("id", "name"))
    named = {grant.application_id for grant in given if grant.application_id}
    applications = dict(Application.objects.filter(id__in=named).values_list("id", "name"))
    return [
        (
            grant,
            GrantLine(
                id=grant.id,
                right=grant.right,
                environment=environments.get(grant.environment_id, "every environment"),
                application=applications.get(grant.application_id, "") if grant.application_id else "",
                by=str(grant.given_by),
                team=grant.team.name if grant.team else "",
            ),
        )
        for grant in given
    ]


def team_lines(teams: list[Team]) -> tuple[TeamLine, ...]:
    """Of teams that were read with their members."""
    grants: dict[UUID, list[GrantLine]] = {}
    for grant, line in _grant_lines(Grant.objects.filter(team__in=teams)):
        if grant.team_id is not None:
            grants.setdefault(grant.team_id, []).append(line)
    return tuple(
        TeamLine(
            team,
            tuple(sorted((row.membership for row in team.members.all()), key=lambda one: str(one.user))),
            tuple(grants.get(team.id, ())),
        )
        for team in teams
    )


def _token(row: ApiToken) -> TokenLine:
    if row.revoked_at is not None:
        return TokenLine(row, "revoked", row.revoked_at)
    if row.expires_at is not None and row.expires_at <= timezone.now():
        return TokenLine(row, "run out", row.expires_at)
    return TokenLine(row, "", None)
