"""Before dangerous acts somebody who has not signed in for a while does it again: a session left open is not its person."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from apps.core.problems import Forbidden


class AskAgain(Forbidden):
    """Signed in, but too long ago for this."""

    kind = "sign-in-again"
    title = "Sign in again"


def is_fresh(request: HttpRequest) -> bool:
    """Signed in, or asked again, within the last 15 minutes. A session without records is not."""
    user: Any = request.user
    asked = [one for one in get_authentication_records(request, user) if one.get("reauthenticated")]
    return bool(asked) and time.time() - asked[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def can_be_asked(user: Any) -> bool:
    """Who comes by single sign-on alone has neither password nor factor here."""
    return bool(get_reauthentication_flows(user))


def require_fresh(request: HttpRequest) -> None:
    """For faces that cannot ask: raises AskAgain with the way."""
    if not is_fresh(request):
        raise AskAgain(
            "You signed in more than 15 minutes ago, which is too long for this. Sign in again, or send a token.",
            right="sign-in-again",
        )


def mark_fresh(request: HttpRequest) -> None:
    """Signing in counts as being asked: allauth would ask again a minute later."""
    records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    if records:
        records[-1]["reauthenticated"] = True
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = records


def note_shown(request: HttpRequest, user: Any, method: str, **facts: Any) -> None:
    """What this session has just shown of its person."""
    record_authentication(request, user, method, reauthenticated=True, **facts)


def forget_removed_factors(request: HttpRequest, user: Any) -> None:
    """A factor that is gone proves nothing any more, in this session. Others are ended."""
    there = set(Authenticator.objects.filter(user_id=user.pk).values_list("pk", flat=True))
    records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY) or []
    kept = [record for record in records if record.get("method") != "mfa" or record.get("id") in there]
    if len(kept) < len(records):
        # It was shown all the same: taking a factor away does not make one's sign-in older.
        kept.append({"method": "removed-factor", "at": time.time(), "reauthenticated": True})
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = kept
