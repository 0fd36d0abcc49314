from __future__ import annotations

from django.db.models import QuerySet

from apps.core.problems import NotFound
from apps.environments.models import Environment, Target
from apps.organizations.access import Actor, Right, authorize


def environments_of(actor: Actor) -> QuerySet[Environment]:
    """In promotion order."""
    authorize(actor, Right.SEE)
    rows: QuerySet[Environment] = Environment.objects.filter(organization_id=actor.organization_id)
    return rows.order_by("position")


def access_environment(actor: Actor, slug: str, right: Right = Right.SEE) -> Environment:
    environment = environments_of(actor).filter(slug=slug).first()
    if environment is None:
        raise NotFound("There is no such environment.")
    authorize(actor, right, environment_id=environment.id)
    return environment


def targets_of(actor: Actor) -> QuerySet[Target]:
    authorize(actor, Right.SEE)
    rows: QuerySet[Target] = Target.objects.filter(
        organization_id=actor.organization_id, removed_at__isnull=True
    )
    return rows.select_related("application", "environment", "cluster").order_by(
        "environment__position", "id"
    )
