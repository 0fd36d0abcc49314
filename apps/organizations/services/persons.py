"""What a person does to their own account."""

from __future__ import annotations

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.problems import Invalid
from apps.organizations.access import organizations_of
from apps.organizations.models import User


def rename_person(user: User, *, name: str, address: str = "") -> None:
    """Oneself. The name stands on what one does from now on; what was written down keeps the old one."""
    name = name.strip()
    if not name or len(name) > 120:
        sentence = "A name has 1 to 120 characters."
        raise Invalid(sentence, fields={"name": sentence})
    before, user.name = user.name, name
    if before != name:
        user.save(update_fields=["name"])
        audit = Audit("person.rename", "person", name, user.pk, before=before, after=name)
        record_in_each_organization(user, audit, address=address)


def record_in_each_organization(user: User, audit: Audit, *, address: str = "") -> None:
    """What a person does to their own account concerns every organization that trusts it."""
    by = By("person", str(user), user.pk, channel="ui", address=address)
    for organization in organizations_of(user):
        with scopes.organization(organization.id):
            record(by, audits=[audit])
