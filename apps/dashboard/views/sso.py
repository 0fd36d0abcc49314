"""Single sign-on: the page that leads to an organization's identity provider and back, and the glass beside it."""

from __future__ import annotations

import re
import secrets
from typing import Any

import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.openid_connect.views import callback as protocol_callback
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.exceptions import Throttled

from apps.core.addresses import address_of
from apps.core.api.throttles import count_stranger
from apps.core.problems import Invalid, NotFound, Problem
from apps.organizations.connections.adapter import refused_page, unanswered_page
from apps.organizations.connections.finding import sign_in_of
from apps.organizations.connections.glass import access_glass, break_glass
from apps.organizations.models import Connection, User
from apps.organizations.signing_in.proofs import proof_of

# What a provider's answer can do to a library that reads it: it is the provider's mistake, and said so.
_UNREADABLE = (requests.RequestException, KeyError, TypeError, ValueError, AttributeError)


class TooMany(Problem):
    status = 429
    kind = "too-many"
    title = "Not so fast"


@never_cache
@require_http_methods(["GET", "POST"])
def single_sign_on(request: HttpRequest, sign_in: str) -> HttpResponse:
    """A form and no link: else another site could sign people in here as somebody else."""
    try:
        found, connections = sign_in_of(sign_in)
    except NotFound as problem:
        return refused_page(request, problem)
    back = _back(request, f"/o/{found.slug}/")
    if request.method == "POST":
        try:
            count_stranger(address_of(request.META))  # each one is a question to the provider, too
        except Throttled:
            return refused_page(request, TooMany("Too many tries from your address. Wait a minute."))
        chosen = next((one for one in connections if one.key == request.POST.get("connection")), None)
        if chosen is None:
            return refused_page(request, NotFound("This connection is not switched on any more."))
        return lead_to(request, chosen, purpose="sign-in", back=back)
    context = {"organization": found, "connections": connections, "back": back}
    answer = render(request, "account/sso.html", context)
    return may_lead_to(answer, connections)


@require_safe
def choose_organization(request: HttpRequest) -> HttpResponse:
    """Which one, by its short name: a list would tell strangers who is here."""
    asked = request.GET.get("organization", "").strip().lower()
    if re.fullmatch(r"[-a-z0-9_]{1,60}", asked):
        return redirect("sso", asked)
    context = {
        "asked": asked,
        "mistake": "That is no short name: letters, digits and hyphens." if asked else "",
    }
    return render(request, "account/sso_choose.html", context, status=422 if asked else 200)


@never_cache
@require_safe
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        answer: HttpResponse = protocol_callback(request, provider_id)
    except _UNREADABLE:
        return unanswered_page(request, "The identity provider")
    return answer


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def break_the_glass(request: HttpRequest, organization: str) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)  # noqa: S101  login_required, for the type
    mistake, proof = "", proof_of(request, user)
    try:
        if request.method != "POST":
            access_glass(user, organization, proof)
        else:
            break_glass(
                user,
                organization,
                why=request.POST.get("why", ""),
                proof=proof,
                session=request.session,
                address=address_of(request.META),
            )
            return redirect("home", organization)
    except Invalid as problem:
        mistake = problem.sentence
    except Problem as problem:
        return refused_page(request, problem)
    context = {"slug": organization, "mistake": mistake}
    return render(request, "account/break_glass.html", context, status=422 if mistake else 200)


def lead_to(request: HttpRequest, connection: Connection, *, purpose: str, back: str) -> HttpResponse:
    """To the provider. Who asked is remembered, so that nobody else comes back in their place."""
    person = str(request.user.pk) if request.user.is_authenticated else ""
    try:
        provider = get_adapter().get_provider(request, provider=connection.key)
        once = secrets.token_urlsafe(24)
        answer: HttpResponse = provider.redirect(
            request,
            "login",
            next_url=back,
            data={"purpose": purpose, "person": person, "nonce": once},
            auth_params={"nonce": once},
        )
    except _UNREADABLE:
        return unanswered_page(request, connection.name)
    return answer


def may_lead_to(answer: Any, connections: list[Connection]) -> HttpResponse:
    """A form's answer may redirect only where the page's policy says; that is these providers, on this page alone."""
    answer._csp_update = {"form-action": [one.authorization_origin for one in connections]}
    page: HttpResponse = answer
    return page


def _back(request: HttpRequest, otherwise: str) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or ""
    safe = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if safe else otherwise
