"""What a session has shown of its person, and what an organization may ask of it before it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest
from django.utils import timezone

from apps.core.problems import Forbidden
from apps.organizations.choices import Role


@dataclass(frozen=True, slots=True)
class Proof:
    """Nothing shown is the default: whoever forgets to say what a session has shown opens less, not more."""

    second_factor: bool = False


NOTHING_SHOWN = Proof()


class StepUp(Forbidden):
    """The person belongs here, the session has not shown enough. Pages lead on to what is missing."""

    kind = "step-up"
    title = "One more step"


def proof_of(request: HttpRequest, user: Any) -> Proof:
    """By the records that each way of signing in leaves in the session; they are its person's or none."""
    records = get_authentication_records(request, user)
    return Proof(second_factor=any(record.get("method") == "mfa" for record in records))


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
