"""An organization: made, named, and what it asks of its tokens."""

from __future__ import annotations

from django.db import transaction

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.problems import Conflict, Invalid
from apps.core.slugs import checked_slug
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.models import Organization


def create_organization(by: By, *, slug: str, name: str, simulated: bool = False) -> Organization:
    """In system scope or outside of any: enters its own."""
    checked_slug(slug)
    with scopes.system("make an organization"):
        if Organization.objects.filter(slug=slug).exists():
            raise Conflict(f"There is an organization called {slug} already.")
        organization: Organization = Organization.objects.create(slug=slug, name=name, simulated=simulated)
    with scopes.organization(organization.id):
        record(by, audits=[Audit("organization.create", "organization", name, organization.id)])
    return organization


def rename_organization(actor: Actor, *, name: str) -> Organization:
    """Its short name stays: it is in every address."""
    authorize(actor, Right.CONFIGURE)
    name = name.strip()
    if not name or len(name) > 120:
        sentence = "A name has 1 to 120 characters."
        raise Invalid(sentence, fields={"name": sentence})
    with transaction.atomic():
        organization: Organization = Organization.objects.select_for_update().get(id=actor.organization_id)
        before, organization.name = organization.name, name
        if before != name:
            organization.save(update_fields=["name"])
            audit = Audit(
                "organization.rename", "organization", name, organization.id, before=before, after=name
            )
            record(actor.by, audits=[audit])
    return organization
