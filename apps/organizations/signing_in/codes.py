"""Codes of an authenticator app, each good once. allauth remembers used ones in the cache; a cache may be lost."""

from __future__ import annotations

from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import connection

# One statement, so that of two that send the same code at once exactly one gets through.
_USE = """
INSERT INTO used_code (user_id, step) VALUES (%s, %s)
ON CONFLICT (user_id) DO UPDATE SET step = EXCLUDED.step WHERE used_code.step < EXCLUDED.step
"""


def step_of(secret: str, code: str) -> int | None:
    """The time step whose code it is, of those that are good now."""
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return int(step)
    return None


def use_code(user: Any, secret: str, code: str) -> bool:
    """True once per code. A code older than one that was used is refused too: it was seen, or its clock went back."""
    step = step_of(secret, code)
    if step is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_USE, [user.pk, step])
        return bool(cursor.rowcount == 1)


def factor_opened_by(user: Any, code: str) -> Authenticator | None:
    """The factor that this code opens: the authenticator app's, or one of the recovery codes, each of which goes once."""
    rows = {row.type: row for row in Authenticator.objects.filter(user_id=user.pk)}
    app = rows.get(Authenticator.Type.TOTP)
    if app is not None and use_code(user, get_adapter().decrypt(app.data["secret"]), code):
        return app
    recovery = rows.get(Authenticator.Type.RECOVERY_CODES)
    if recovery is not None and recovery.wrap().validate_code(code):
        return recovery
    return None
