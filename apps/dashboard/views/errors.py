"""Errors in the product's look. None of these touches the database: it may be what is broken."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        404, "There is no such page", "It may have been renamed, or you are not in that organization."
    )


def not_offered(request: HttpRequest) -> HttpResponse:
    return _page(
        404, "There is no such page", "Accounts come by invitation; what concerns yours is under your name."
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(403, "You may not do that", "Ask an owner of the organization for the right.")


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        403,
        "This form is too old",
        "You signed in or out elsewhere since it was opened. Nothing was changed. Go back, reload and try again.",
    )


def _page(status: int, title: str, sentence: str) -> HttpResponse:
    html = render_to_string("dashboard/error.html", {"status": status, "title": title, "sentence": sentence})
    return HttpResponse(html, status=status)
