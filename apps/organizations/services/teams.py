"""Teams: people who are named together."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.audit.services import Audit, record
from apps.core.problems import Conflict, Forbidden, Invalid, NotFound
from apps.core.slugs import checked_slug
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.models import Grant, Membership, Team, TeamMember
from apps.organizations.services.more_than_oneself import check_not_to_oneself
from apps.organizations.standing import HeldGrant


def access_team(actor: Actor, slug: str) -> Team:
    authorize(actor, Right.SEE)
    team: Team | None = Team.objects.filter(organization_id=actor.organization_id, slug=slug).first()
    if team is None:
        raise NotFound("There is no such team.")
    return team


def create_team(actor: Actor, *, slug: str, name: str = "") -> Team:
    """Empty, without a grant."""
    authorize(actor, Right.MANAGE_PEOPLE)
    checked_slug(slug)
    name = _checked_name(name or slug)
    with transaction.atomic():
        if Team.objects.filter(slug=slug).exists():
            sentence = f"There is a team called {slug} already."
            raise Conflict(sentence, fields={"slug": sentence})
        team: Team = Team.objects.create(organization_id=actor.organization_id, slug=slug, name=name)
        record(actor.by, audits=[Audit("team.create", "team", name, team.id, after={"slug": slug})])
    return team


def rename_team(actor: Actor, team: Team, *, name: str) -> Team:
    """Its short name stays: policies name it."""
    authorize(actor, Right.MANAGE_PEOPLE)
    name = _checked_name(name)
    with transaction.atomic():
        locked = _lock(team.id)
        before, locked.name = locked.name, name
        if before != name:
            locked.save(update_fields=["name"])
            record(
                actor.by, audits=[Audit("team.rename", "team", name, locked.id, before=before, after=name)]
            )
    return locked


def delete_team(actor: Actor, team: Team) -> None:
    """Its grants end with it. Where a policy still asks for its approval, nobody can give it any more."""
    authorize(actor, Right.MANAGE_PEOPLE)
    with transaction.atomic():
        locked = _lock(team.id)
        members = locked.members.select_related("membership__user")
        before = {
            "members": sorted(str(member.membership.user) for member in members),
            "grants": locked.grants.count(),
        }
        identifier = locked.id
        locked.delete()
        record(actor.by, audits=[Audit("team.delete", "team", locked.name, identifier, before=before)])


def add_to_team(actor: Actor, team: Team, membership_id: UUID) -> TeamMember:
    """Never oneself: a team may hold grants, and approvals may be asked of it."""
    authorize(actor, Right.MANAGE_PEOPLE)
    with transaction.atomic():
        locked = _lock(team.id)
        member = Membership.objects.select_related("user").filter(id=membership_id).first()
        if member is None:
            raise NotFound("There is no such member.")
        if member.user_id == actor.user_id:
            raise Forbidden("Somebody else puts you into a team.")
        held = [
            HeldGrant(grant.right, grant.environment_id, grant.application_id)
            for grant in Grant.objects.filter(team_id=locked.id)
        ]
        check_not_to_oneself(actor, member, held)
        row, made = TeamMember.objects.get_or_create(
            organization_id=actor.organization_id, team=locked, membership=member
        )
        if made:
            after = {"person": str(member.user)}
            record(actor.by, audits=[Audit("team.add", "team", locked.name, locked.id, after=after)])
    found: TeamMember = row
    return found


def remove_from_team(actor: Actor, team: Team, membership_id: UUID) -> None:
    """By who manages people, or by oneself."""
    with transaction.atomic():
        locked = _lock(team.id)
        row = (
            TeamMember.objects.select_related("membership__user")
            .filter(team_id=locked.id, membership_id=membership_id)
            .first()
        )
        if row is None or row.membership.user_id != actor.user_id or actor.scopes is not None:
            authorize(actor, Right.MANAGE_PEOPLE)
        if row is None:
            raise NotFound("There is nobody of that name in this team.")
        before = {"person": str(row.membership.user)}
        row.delete()
        record(actor.by, audits=[Audit("team.remove", "team", locked.name, locked.id, before=before)])


def _lock(identifier: UUID) -> Team:
    team: Team | None = Team.objects.select_for_update(no_key=True).filter(id=identifier).first()
    if team is None:
        raise NotFound("There is no such team.")
    return team


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 120:
        sentence = "A name has 1 to 120 characters."
        raise Invalid(sentence, fields={"name": sentence})
    return name
