"""The pieces of a rollout's page, in their places or as places."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.dashboard.painting import Piece, html_of, place_of

register = template.Library()


@register.simple_tag(takes_context=True)
def piece(context: Context, part: Piece) -> SafeString:
    """Whole on a page; where fragments are pushed (`places` is set) only where it goes."""
    if context.get("places"):
        return place_of(part)
    return html_of(part, base_of(context), places=False)


@register.simple_tag(takes_context=True)
def rollout_address(context: Context) -> str:
    return base_of(context)


@register.simple_tag
def until(moment: datetime, exact: bool) -> SafeString:
    """A moment to come: the page says how far off it is. Not exact: what is usual here."""
    return format_html(
        '<time data-until="{}" datetime="{}">at {}{} UTC</time>',
        "exact" if exact else "usual",
        moment.isoformat(timespec="seconds"),
        "" if exact else "about ",
        f"{moment:%H:%M:%S}",
    )


def base_of(context: Context) -> str:
    picture: Any = context["picture"]
    return reverse("rollout", args=[picture.slug, picture.rollout.number])
