"""Another address for an account: asked for by its person, verified by a link that went to the new address.

The link alone carries no right: it is opened by the same person, signed in. Where no mail is configured an owner of one
of the person's organizations, never the person, copies it and sees to it that it arrives.
"""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.audit.services import Audit
from apps.core.problems import Conflict, Invalid, NotFound
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.models import User
from apps.organizations.services import record_in_each_organization
from apps.organizations.signing_in.models import AddressChange

LINK_HOURS = 72
_SALT = "slipway.address-change"
_GONE = "This link was used already, has run out, or is not for you."

log = structlog.get_logger(__name__)


def mail_is_configured() -> bool:
    return bool(settings.EMAIL_HOST)


def ask_for_address(user: User, email: str, *, address: str = "") -> AddressChange:
    """Whether somebody else has it is not said here: that would tell anybody who has an account. Raises Invalid."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid("This is no address.", fields={"email": "This is no address."}) from None
    if email == user.email:
        raise Invalid("This is your address already.", fields={"email": "This is your address already."})
    with transaction.atomic():
        change, _ = AddressChange.objects.update_or_create(
            user=user, defaults={"email": email, "asked_at": timezone.now()}
        )
        audit = Audit("person.address-asked", "person", str(user), user.pk, before=user.email, after=email)
        record_in_each_organization(user, audit, address=address)
    if mail_is_configured():
        words = f"{user} asks to sign in to Slipway with this address. If that is you, open this link while you are "
        _send(email, "Is this your address?", f"{words}signed in:\n\n{_link(change)}\n\nIf not, do nothing.")
    return change


def address_asked_for(user: User) -> AddressChange | None:
    """What waits to be verified."""
    since = timezone.now() - timedelta(hours=LINK_HOURS)
    return AddressChange.objects.filter(user_id=user.pk, asked_at__gt=since).first()


def link_to_copy(actor: Actor, user: User) -> str:
    """For an owner, of somebody else, where no mail can carry it; "" where there is none to copy."""
    if mail_is_configured() or user.pk == actor.user_id:
        return ""
    authorize(actor, Right.MANAGE_OWNERS)
    change = address_asked_for(user)
    return _link(change) if change is not None else ""


def address_of_link(user: User, key: str) -> str:
    """The address that this link would make the person's. Raises NotFound."""
    change = address_asked_for(user)
    if change is None or _read(key) != _facts(change):
        raise NotFound(_GONE)
    return change.email


def confirm_address(user: User, key: str, *, address: str = "") -> None:
    """The link goes with it. The old address is told. Raises NotFound, Conflict."""
    try:
        with transaction.atomic():
            locked = User.objects.select_for_update().get(pk=user.pk)
            email, before = address_of_link(locked, key), locked.email
            locked.email = email
            locked.save(update_fields=["email"])
            AddressChange.objects.filter(user_id=locked.pk).delete()
            audit = Audit("person.address", "person", str(locked), locked.pk, before=before, after=email)
            record_in_each_organization(locked, audit, address=address)
    except IntegrityError:
        raise Conflict("There is another account with this address already.") from None
    user.email = email
    if mail_is_configured():
        words = f"{locked} signs in to Slipway with {email} from now on, not with this address any more."
        _send(before, "Your address was changed", f"{words}\n\nIf that was not you, tell an owner at once.")


def _facts(change: AddressChange) -> dict[str, str]:
    """A second wish, or a change in between, makes the earlier link worthless."""
    return {
        "person": str(change.user_id),
        "from": change.user.email,
        "to": change.email,
        "asked": change.asked_at.isoformat(),
    }


def _link(change: AddressChange) -> str:
    key = signing.dumps(_facts(change), salt=_SALT)
    return f"{settings.PUBLIC_URL}{reverse('account-address-confirm', args=[key])}"


def _read(key: str) -> Any:
    try:
        return signing.loads(key, salt=_SALT, max_age=timedelta(hours=LINK_HOURS))
    except signing.BadSignature:
        return None


def _send(to: str, subject: str, words: str) -> None:
    try:
        send_mail(subject, words, settings.DEFAULT_FROM_EMAIL, [to])
    except (OSError, SMTPException) as error:
        log.warning("mail_not_sent", mail=subject, error=type(error).__name__)
