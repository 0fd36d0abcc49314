"""What an identity provider says of somebody, and what an organization makes of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.organizations.choices import Role

# A provider can make nobody an owner: who runs it would then own the organization.
MAPPED_ROLES = (Role.VIEWER, Role.AUDITOR, Role.DEVELOPER, Role.RELEASER, Role.ADMIN)
_MOST_GROUPS = 500


@dataclass(frozen=True, slots=True)
class Claims:
    subject: str
    email: str  # "": none that can be used
    email_refused: bool  # the provider itself says that it is not verified
    name: str
    groups: frozenset[str]


def read_claims(said: Mapping[str, Any], *, subject: str, groups_claim: str) -> Claims:
    email = said.get("email")
    return Claims(
        subject=subject,
        email=_address(email) if isinstance(email, str) else "",
        email_refused=said.get("email_verified") in {False, "false"},
        name=str(said.get("name") or "").strip()[:120],
        groups=_groups(said.get(groups_claim)),
    )


def domain_of(email: str) -> str:
    return email.rpartition("@")[2]


def role_for(groups: Collection[str], role_of_group: Mapping[str, str], default: str) -> str:
    """The one that may do most, of those that the groups bring; the default where they bring none."""
    brought = {role_of_group[group] for group in groups if group in role_of_group}
    return next((role for role in reversed(MAPPED_ROLES) if role in brought), default)


def teams_for(groups: Collection[str], team_of_group: Mapping[str, str]) -> frozenset[str]:
    return frozenset(team_of_group[group] for group in groups if group in team_of_group)


def _address(text: str) -> str:
    """Plain ASCII only: letters that look alike, and what lower-casing makes of them, are other people's addresses."""
    address = text.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address if address.isascii() and len(address) <= 254 else ""


def _groups(said: Any) -> frozenset[str]:
    if isinstance(said, str):
        said = [said]
    if not isinstance(said, list):
        return frozenset()
    return frozenset(group for group in said[:_MOST_GROUPS] if isinstance(group, str))
