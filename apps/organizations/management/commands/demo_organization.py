"""The demo's organization and its people; everything after that comes over the API, as from any client."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from apps.audit.services import By
from apps.core import scopes
from apps.organizations import services
from apps.organizations.access import access_organization
from apps.organizations.choices import Role
from apps.organizations.models import Organization, User

_BY = By("operator", "slipway demo", channel="command")


class Command(BaseCommand):
    help = "Makes the demo's organization and people from a private file. What is there already stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="people with passwords; tokens are written into it")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """The file holds {"organization": {slug, name, simulated}, "people": […]}, a person being
        {email, name, role, scopes, password, token}.
        """
        asked = json.loads(file.read_text())
        organization = _organization(**asked["organization"])
        for person in asked["people"]:
            user = _user(person["email"], person["name"], person["password"])
            services.add_member(_BY, organization, user, Role(person["role"]))
            if not person.get("token") or services.find_token(person["token"]) is None:
                person["token"] = _token(user, organization, person["scopes"])
        # The file was made private by who asks; it is written over in place and stays so.
        file.write_text(json.dumps(asked, indent=1))


def _organization(slug: str, name: str, simulated: bool = True) -> Organization:
    with scopes.system("the demo's organization"):
        found: Organization | None = Organization.objects.filter(slug=slug).first()
    return found or services.create_organization(_BY, slug=slug, name=name, simulated=simulated)


def _user(email: str, name: str, password: str) -> User:
    with transaction.atomic():
        user = User.objects.select_for_update().filter(email=email).first()
        if user is None:
            return User.objects.create_user(email, password, name=name)
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
    return user


def _token(user: User, organization: Organization, token_scopes: list[str]) -> str:
    actor = access_organization(user, organization.slug, channel="command")
    with scopes.organization(organization.id):
        return services.create_token(actor, name="demo", token_scopes=token_scopes).secret
