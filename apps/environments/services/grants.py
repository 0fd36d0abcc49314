"""A right in one environment or all, for one application or all, given to a person or a team by somebody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from apps.applications.models import Application
from apps.audit.services import Audit, record
from apps.core.problems import NotFound
from apps.environments.models import Environment
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.choices import GrantedRight
from apps.organizations.models import Grant, Membership, Team
from apps.organizations.services.more_than_oneself import check_not_to_ones_team, check_not_to_oneself
from apps.organizations.standing import HeldGrant


def grant(
    actor: Actor,
    environment: Environment | None,
    to: Membership | Team,
    right: GrantedRight,
    *,
    application: Application | None = None,
) -> Grant:
    """Never to oneself, nor to a team one is in. No environment: in all, also those that come; no application alike."""
    authorize(actor, Right.MANAGE_PEOPLE)
    held = HeldGrant(right, environment.id if environment else None, application.id if application else None)
    with transaction.atomic():
        # Under the team's lock, which putting somebody into it takes too: neither overtakes the other's check.
        if isinstance(to, Team):
            team: Team = Team.objects.select_for_update(no_key=True).get(id=to.id)
            check_not_to_ones_team(actor, team, held)
        else:
            check_not_to_oneself(actor, to, [held])
        given, made = Grant.objects.get_or_create(
            organization_id=actor.organization_id,
            membership=to if isinstance(to, Membership) else None,
            team=to if isinstance(to, Team) else None,
            environment_id=held.environment_id,
            application_id=held.application_id,
            right=right,
            defaults={"given_by_id": actor.user_id},
        )
        if made:
            record(actor.by, audits=[_audit("grant.give", given, environment, application, after=True)])
    found: Grant = given
    return found


def take_back_grant(actor: Actor, identifier: UUID) -> None:
    authorize(actor, Right.MANAGE_PEOPLE)
    with transaction.atomic():
        given = (
            Grant.objects.select_for_update(of=("self",))
            .select_related("membership__user", "team")
            .filter(id=identifier)
            .first()
        )
        if given is None:
            raise NotFound("There is no such grant.")
        environment = Environment.objects.filter(id=given.environment_id).first()
        application = Application.objects.filter(id=given.application_id).first()
        audit = _audit("grant.take", given, environment, application, after=False)
        given.delete()
        record(actor.by, audits=[audit])


def _audit(
    action: str,
    given: Grant,
    environment: Environment | None,
    application: Application | None,
    *,
    after: bool,
) -> Audit:
    what: dict[str, Any] = {"right": str(given.right)}
    if given.team:
        what["team"] = given.team.slug
    elif given.membership:
        what["person"] = str(given.membership.user)
    if application:
        what["application"] = application.slug
    kind, label, identifier = (
        ("environment", environment.slug, environment.id)
        if environment
        else ("organization", "every environment", given.organization_id)
    )
    before, now = (None, what) if after else (what, None)
    return Audit(action, kind, label, identifier, before=before, after=now)
