"""Before a dangerous act: signed in a short while ago, or asked again first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from apps.organizations.signing_in.freshness import AskAgain, can_be_asked, is_fresh


def must_ask_again(view: Any, request: HttpRequest) -> bool:
    return request.method in view.asks_again and not is_fresh(request)


def ask_again(view: Any, request: HttpRequest) -> HttpResponse:
    """To the question, and from there to the page with the form. What was typed is not kept: it may be a secret.
    Raises AskAgain where there is nothing to ask."""
    if not can_be_asked(request.user):
        raise AskAgain(
            "You came by single sign-on more than 15 minutes ago, which is too long for this. "
            "Sign out, and come by it again.",
            right="sign-in-again",
        )
    url = f"{reverse('account_reauthenticate')}?{urlencode({'next': _page_of(view, request)})}"
    if getattr(request, "htmx", False):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)


def _page_of(view: Any, request: HttpRequest) -> str:
    if hasattr(view, "get"):
        return request.get_full_path()
    before = urlsplit(request.headers.get("Referer", ""))
    return before.path if before.netloc == request.get_host() else "/"
