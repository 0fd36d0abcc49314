from __future__ import annotations

from django.db.models import QuerySet

from apps.applications.models import Application, ApplicationLabel
from apps.core.problems import NotFound
from apps.organizations.access import Actor, Right, authorize


def applications_of(actor: Actor) -> QuerySet[Application]:
    authorize(actor, Right.SEE)
    rows: QuerySet[Application] = Application.objects.filter(organization_id=actor.organization_id)
    return rows


def labelled(rows: QuerySet[Application], key: str, value: str | None) -> QuerySet[Application]:
    """Those with this label; `value` None: with this key, whatever its value."""
    found = ApplicationLabel.objects.filter(key=key)
    if value is not None:
        found = found.filter(value=value)
    return rows.filter(id__in=found.values("application_id"))


def access_application(actor: Actor, slug: str, right: Right = Right.SEE) -> Application:
    application = applications_of(actor).filter(slug=slug).first()
    if application is None:
        raise NotFound("There is no such application.")
    authorize(actor, right, application_id=application.id)
    return application
