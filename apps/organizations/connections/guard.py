"""What a session that only an organization's connection opened may not do: whoever runs that provider can open one as
any person who is linked to it, and would change the person's password, or be the operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.http import HttpRequest, HttpResponse

from apps.core.problems import Forbidden
from apps.organizations.connections.adapter import refused_page
from apps.organizations.signing_in.proofs import proof_of

# Routes where the door itself asks by what the session came.
_DOORS = ("o/<slug:organization>/", "api/v1/")
# Routes that do nothing to an account but sign in or out, or ask its person for more. Everything else is shut.
_OPEN = {
    "chooser",
    "sso",
    "sso-choose",
    "break-glass",
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "openid_connect_callback",
}


class OwnAccountMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, arguments: Any, keywords: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.view_name in _OPEN or match.route.startswith(_DOORS):
            return None
        if AUTHENTICATION_METHODS_SESSION_KEY not in request.session or not request.user.is_authenticated:
            return None
        if proof_of(request, request.user).own:
            return None
        problem = Forbidden(
            "This session came by an organization's single sign-on, which opens that organization and not your "
            "account. Sign in with your own password or passkey first."
        )
        return refused_page(request, problem)
