"""A browser in which a person has signed in before. It opens nothing; others' failures do not slow it."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

_SALT = "slipway.known-browser"
_LASTS = timedelta(days=180)
_PEOPLE = 8  # who share a browser; the ones that signed in last


def known_browser(request: HttpRequest, account: str) -> str | None:
    """The browser's own name, if this account was signed in with there."""
    kept = _kept(request)
    return kept["id"] if kept and _mark(account) in kept["of"] else None


def remember_browser(request: HttpRequest, response: HttpResponse, account: str) -> None:
    kept = _kept(request) or {"id": secrets.token_urlsafe(16), "of": []}
    mark = _mark(account)
    kept["of"] = [*(other for other in kept["of"] if other != mark), mark][-_PEOPLE:]
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps(kept, salt=_SALT),
        max_age=_LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _kept(request: HttpRequest) -> dict[str, Any] | None:
    try:
        kept: dict[str, Any] = signing.loads(
            request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, ""), salt=_SALT, max_age=_LASTS
        )
    except signing.BadSignature:
        return None
    return kept


def _mark(account: str) -> str:
    """Not the address itself: the cookie can be read on the machine where it is kept."""
    return salted_hmac(_SALT, account.strip().lower(), algorithm="sha256").hexdigest()[:20]
