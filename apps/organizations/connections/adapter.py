"""allauth's adapter for connections. allauth speaks the protocol; who may come in as whom is decided by us, in
`pre_social_login`, before it does anything of its own."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core import scopes
from apps.core.addresses import address_of
from apps.core.problems import Forbidden, Problem
from apps.organizations.connections.arrivals import arrive, link
from apps.organizations.connections.claims import Claims, read_claims
from apps.organizations.connections.finding import find_connection, open_secret
from apps.organizations.models import Connection, User
from apps.organizations.signing_in.proofs import proof_of
from slipway.wiring import guarded_session

TESTED = "slipway_tested_connection"  # in a session: what the last test of a connection brought


class ConnectionsAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Built from our table by its random key, never stored; nothing is found by a client id or an issuer."""
        connection = find_connection(provider) if provider else None
        return [app_of(connection)] if connection is not None else []

    def get_requests_session(self) -> Any:
        """Every word with a provider goes through the guard: its address was typed in by somebody."""
        return guarded_session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False  # who is new was admitted by `arrive` already, or refused

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        return False

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        name = provider.app.name if provider is not None and provider.app is not None else "The provider"
        raise ImmediateHttpResponse(unanswered_page(request, name, cancelled=error == "cancelled"))

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Every way ends in a page of ours, but one: a person who is known signs in, which allauth carries out."""
        try:
            data = sociallogin.state.get("data") or {}
            connection, claims = _read(sociallogin, nonce=data.get("nonce"))
            person = request.user if isinstance(request.user, User) else None
            if data.get("person", "") != (str(person.pk) if person else ""):
                raise Forbidden("Somebody else has signed in here meanwhile. Start again.")
            if data.get("purpose") == "test":
                raise ImmediateHttpResponse(_show_test(request, connection, sociallogin, claims))
            if person is not None:
                link(connection, claims, person, proof_of(request, person), address=address_of(request.META))
                record_authentication(
                    request, person, "socialaccount", provider=connection.key, uid=claims.subject
                )
                raise ImmediateHttpResponse(redirect(sociallogin.get_redirect_url(request) or "/"))
            user = arrive(connection, claims, address=address_of(request.META))
        except Problem as problem:
            raise ImmediateHttpResponse(refused_page(request, problem)) from None
        sociallogin.account = SocialAccount.objects.get(provider=connection.key, uid=claims.subject)
        sociallogin.user = user


def app_of(connection: Connection) -> SocialApp:
    return SocialApp(
        provider="openid_connect",
        provider_id=connection.key,
        name=connection.name[:40],
        client_id=connection.client_id,
        secret=open_secret(connection),
        settings={
            "server_url": connection.metadata_url,
            "oauth_pkce_enabled": True,
            # Its tokens must name the issuer that it had when it was set up, whatever its metadata says today.
            "openid_configuration_overrides": {"issuer": connection.issuer},
        },
    )


def refused_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    return render(request, "account/sso_refused.html", {"problem": problem}, status=problem.status)


def unanswered_page(request: HttpRequest, name: str, *, cancelled: bool = False) -> HttpResponse:
    context = {"name": name, "cancelled": cancelled}
    return render(request, "account/sso_unanswered.html", context, status=400 if cancelled else 503)


def _read(sociallogin: Any, *, nonce: Any) -> tuple[Connection, Claims]:
    """allauth keeps all that a provider says on the identity, in a table without a wall; it is read and let go."""
    account = sociallogin.account
    said = account.extra_data or {}
    account.extra_data = {}
    if not account._state.adding:
        account.save(update_fields=["extra_data"])
    connection = find_connection(account.provider)
    token, info = said.get("id_token"), said.get("userinfo") or {}
    if connection is None or not isinstance(token, dict) or not isinstance(info, dict):
        raise Forbidden("The provider gave no identity token, by which alone it can be told who signs in.")
    if not nonce or token.get("nonce") != nonce:
        raise Forbidden("The provider answered another question than was asked. Start again.")
    subject = token.get("sub")
    if not isinstance(subject, str) or subject != account.uid or info.get("sub", subject) != subject:
        raise Forbidden("The provider contradicts itself about who signs in.")
    return connection, read_claims({**token, **info}, subject=subject, groups_claim=connection.groups_claim)


def _show_test(request: HttpRequest, connection: Connection, sociallogin: Any, claims: Claims) -> Any:
    """Kept for the page that shows it, in the session of whoever tested; nobody is signed in or linked by it."""
    request.session[TESTED] = {
        "connection": str(connection.id),
        "claims": {
            "subject": claims.subject,
            "email": claims.email,
            "email_refused": claims.email_refused,
            "name": claims.name,
            "groups": sorted(claims.groups),
        },
    }
    with scopes.organization(connection.organization_id):
        Connection.objects.filter(id=connection.id).update(tested_at=timezone.now())
    return redirect("settings-connection", connection.organization.slug, connection.id)
