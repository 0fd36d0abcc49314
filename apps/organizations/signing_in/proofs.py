"""What a session has shown of its person, and what an organization may ask of it before it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest
from django.utils import timezone

from apps.core.problems import Forbidden
from apps.organizations.choices import Role
from apps.organizations.connections.shown import Shown, glass_of, is_own, shown_by


@dataclass(frozen=True, slots=True)
class Proof:
    """Nothing shown is the default: whoever forgets to say what a session has shown opens less, not more."""

    second_factor: bool = False
    own: bool = False  # the person signed in themself: no organization's identity provider did it for them
    connections: tuple[Shown, ...] = ()
    glass: tuple[tuple[UUID, datetime], ...] = ()  # organizations whose glass was broken, until when


NOTHING_SHOWN = Proof()


class StepUp(Forbidden):
    """The person belongs here, the session has not shown enough. Pages lead on to what is missing."""

    kind = "step-up"
    title = "One more step"


def proof_of(request: HttpRequest, user: Any) -> Proof:
    """By the records that each way of signing in leaves in the session; they are its person's or none."""
    records = get_authentication_records(request, user)
    return Proof(
        second_factor=any(record.get("method") == "mfa" for record in records),
        own=is_own(request.session, records),
        connections=shown_by(records),
        glass=tuple(glass_of(request.session).items()),
    )


def check_connection(membership: Any, *, asks_session: bool, proof: Proof) -> None:
    """Of a membership that was read `with_connection`. A session that another organization's connection opened is no
    proof of the person here. Raises StepUp."""
    organization = membership.organization
    if not asks_session or membership.opened_by is not None:
        return
    required = organization.connection_from is not None and organization.connection_from <= timezone.now()
    broken = (
        membership.breaks_glass
        and membership.role == Role.OWNER
        and any(one == organization.id for one, _ in proof.glass)
    )
    if required and not (broken and proof.own):
        raise StepUp(
            f"{organization.name} opens by its own single sign-on, and this session did not come by it.",
            missing="connection",
            organization=organization.slug,
            breaks_glass=membership.breaks_glass and proof.own,
        )
    if not proof.own:
        raise StepUp(
            f"This session came by another organization's single sign-on, which does not open {organization.name}.",
            missing="own",
            organization=organization.slug,
            breaks_glass=False,
        )


def check_second_factor(
    *, organization: str, required_from: datetime | None, by_token: bool, has_factor: bool, proof: Proof
) -> None:
    """A session shows the factor itself. A token cannot, so it works while its person has one. Raises StepUp."""
    if required_from is None or required_from > timezone.now():
        return
    if by_token and not has_factor:
        raise StepUp(
            f"{organization} requires a second factor, and the person of this token has none. "
            "It works again once they have set one up, at /accounts/second-factor/.",
            missing="second-factor",
        )
    if not by_token and not proof.second_factor:
        raise StepUp(
            f"{organization} requires a second factor, and this session has not shown one.",
            missing="second-factor",
        )
