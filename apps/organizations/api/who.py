"""Who asks: a bearer token, or the session of a browser (then with its CSRF token on writes)."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import CSRFCheck
from rest_framework.request import Request

from apps.core.addresses import address_of
from apps.core.problems import Forbidden, Unauthenticated
from apps.organizations.api.once import WRITES
from apps.organizations.models import ApiToken, User
from apps.organizations.services import find_token


def authenticate(request: Request) -> tuple[User, ApiToken | None]:
    header = request.headers.get("Authorization", "")
    if header:
        kind, _, secret = header.partition(" ")
        token = (
            find_token(secret.strip(), address=address_of(request.META))
            if kind.lower() == "bearer" and secret
            else None
        )
        if token is None:
            raise Unauthenticated("This token is unknown, revoked or has run out.")
        return token.user, token
    user: Any = getattr(request._request, "user", None)
    if user is None or not user.is_authenticated or not user.is_active:
        raise Unauthenticated("Sign in, or send a token: Authorization: Bearer slp_…")
    if request.method in WRITES:
        check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]  # it is only asked, never calls on
        check.process_request(request._request)
        if check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]  # no view is called
            raise Forbidden("The request carries no CSRF token.")
    return user, None
