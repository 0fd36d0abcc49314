"""Deploy or approve in one environment, given to one person by somebody else."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.audit.services import Audit, record
from apps.core.problems import Forbidden, NotFound
from apps.environments.models import Environment
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.choices import GrantedRight
from apps.organizations.models import Grant, Membership


def grant(actor: Actor, environment: Environment, membership: Membership, right: GrantedRight) -> Grant:
    """Deploy or approve in one environment; never to oneself."""
    authorize(actor, Right.MANAGE_PEOPLE)
    if membership.user_id == actor.user_id:
        raise Forbidden("A grant is given by somebody else.")
    with transaction.atomic():
        given, made = Grant.objects.get_or_create(
            organization_id=actor.organization_id,
            membership=membership,
            environment_id=environment.id,
            right=right,
            defaults={"given_by_id": actor.user_id},
        )
        if made:
            after = {"person": str(membership.user), "right": str(right)}
            record(
                actor.by,
                audits=[Audit("grant.give", "environment", environment.slug, environment.id, after=after)],
            )
    found: Grant = given
    return found


def take_back_grant(actor: Actor, identifier: UUID) -> None:
    authorize(actor, Right.MANAGE_PEOPLE)
    with transaction.atomic():
        given = (
            Grant.objects.select_for_update(of=("self",))
            .select_related("membership__user")
            .filter(id=identifier)
            .first()
        )
        if given is None:
            raise NotFound("There is no such grant.")
        environment = Environment.objects.get(id=given.environment_id)
        before = {"person": str(given.membership.user), "right": str(given.right)}
        given.delete()
        audit = Audit("grant.take", "environment", environment.slug, environment.id, before=before)
        record(actor.by, audits=[audit])
