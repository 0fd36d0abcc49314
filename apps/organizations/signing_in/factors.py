"""allauth's adapter for second factors: what it stores is encrypted under our key, what it says is in our words."""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator

from apps.core.encryption import decrypt, encrypt

_CONTEXT = "mfa_authenticator.data"
FACTORS = (
    Authenticator.Type.TOTP,
    Authenticator.Type.WEBAUTHN,
)  # recovery codes stand in for one; alone they are none


class FactorsAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is untyped
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is not right, or was used already.",
        "cannot_delete_authenticator": "This cannot be removed.",
    }

    def encrypt(self, text: str) -> str:
        return base64.b64encode(encrypt(text.encode(), context=_CONTEXT)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(base64.b64decode(encrypted_text), context=_CONTEXT).decode()

    def get_totp_issuer(self) -> str:
        return f"Slipway ({self._get_site_name()})"

    def generate_authenticator_name(self, user: Any, type: str) -> str:
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return "Passkey" if count == 0 else f"Passkey {count + 1}"


def factors_of(user: Any) -> frozenset[str]:
    """The kinds that this person has set up."""
    rows = Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS)
    return frozenset(rows.values_list("type", flat=True))
