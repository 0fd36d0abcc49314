"""The form by which a person's page and a team's page give a grant and take one back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import QueryDict

from apps.applications.access import access_application, applications_of
from apps.core.problems import Invalid, NotFound
from apps.environments.access import access_environment, environments_of
from apps.environments.services import grant, take_back_grant
from apps.organizations.access import Actor
from apps.organizations.choices import GrantedRight
from apps.organizations.models import Membership, Team

_MOST_NAMED = 500  # applications in the list to choose from


def give(actor: Actor, to: Membership | Team, asked: QueryDict) -> None:
    """Nothing chosen: in every environment, for every application."""
    right = asked.get("right", "")
    if right not in GrantedRight.values:
        raise Invalid(f"A grant is to {', '.join(GrantedRight.values[:-1])} or {GrantedRight.values[-1]}.")
    where, what = asked.get("environment", ""), asked.get("application", "")
    grant(
        actor,
        access_environment(actor, where) if where else None,
        to,
        GrantedRight(right),
        application=access_application(actor, what) if what else None,
    )


def take_back(actor: Actor, asked: QueryDict) -> None:
    try:
        identifier = UUID(asked.get("grant", ""))
    except ValueError:
        raise NotFound("There is no such grant.") from None
    take_back_grant(actor, identifier)


def choices(actor: Actor) -> dict[str, Any]:
    return {
        "rights": GrantedRight.choices,
        "places": list(environments_of(actor)),
        "applications": list(applications_of(actor).order_by("name").only("slug", "name")[:_MOST_NAMED]),
    }
