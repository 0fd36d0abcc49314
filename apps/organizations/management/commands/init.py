"""`slipway init`: an empty installation gets its organization and a link by which its first owner comes in."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from apps.audit.services import By
from apps.core import scopes
from apps.core.problems import Problem
from apps.organizations import services
from apps.organizations.models import Membership, Organization

_BY = By("operator", "slipway init", channel="command")


class Command(BaseCommand):
    help = "Prints a one-time link for the first owner of an empty installation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True, help="the first owner's address")
        parser.add_argument("--organization", default="main", help="its short name, as in addresses")
        parser.add_argument("--name", default="", help="its name, as people read it")

    def handle(self, *args: Any, email: str, organization: str, name: str, **options: Any) -> None:
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"“{email}” is no e-mail address.") from None
        with scopes.system("is the installation empty?"):
            if Membership.objects.exists():
                raise CommandError(
                    "This installation has people already. An owner can invite others: Settings → People."
                )
            made = Organization.objects.exists()
        try:
            # Once begun it may be asked again: the link before was lost, or has run out.
            if not made:
                services.create_organization(_BY, slug=organization, name=name or organization)
            shown = services.first_owner_link(email=email)
        except Problem as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(
            f"Open this once, within {services.INVITATION_DAYS} days, to become the first owner:\n\n"
            f"  {settings.PUBLIC_URL}/invitations/{shown.secret}/\n\n"
        )
