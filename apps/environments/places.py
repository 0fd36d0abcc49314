"""What a person means by `production`, `shop` or `shop/production`."""

from __future__ import annotations

from uuid import UUID

from apps.applications.access import access_application, applications_of
from apps.applications.models import Application
from apps.core.problems import Invalid, NotFound
from apps.environments.access import access_environment, environments_of
from apps.environments.models import Environment
from apps.organizations.access import Actor
from apps.organizations.explaining import Place
from apps.organizations.models import Grant


def place_named(actor: Actor, text: str) -> Place:
    """Raises NotFound, and Invalid where the name is both an application's and an environment's."""
    text = text.strip()
    if text in {"", "organization"}:
        return Place("in the whole organization")
    first, slash, second = text.partition("/")
    if slash:
        application = access_application(actor, first)
        environment = access_environment(actor, second)
        return Place(f"{application.slug} in {environment.slug}", environment.id, application.id)
    named_application = applications_of(actor).filter(slug=text).first()
    named_environment = environments_of(actor).filter(slug=text).first()
    if named_application and named_environment:
        sentence = f"{text} is an application and an environment; write application/environment."
        raise Invalid(sentence, fields={"object": sentence})
    if named_environment:
        return Place(f"in {text}", named_environment.id, None)
    if named_application:
        return Place(text, None, named_application.id)
    raise NotFound("There is no application or environment of that name.")


def names_of_places() -> dict[UUID, str]:
    """Of those that grants name; inside the organization's scope."""
    granted = Grant.objects.filter(application_id__isnull=False).values("application_id")
    names = dict(Application.objects.filter(id__in=granted).values_list("id", "slug"))
    return names | dict(Environment.objects.order_by().values_list("id", "slug"))
