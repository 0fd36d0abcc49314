"""Icons, marks and moments, so that no template spells one out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.dashboard import words
from apps.dashboard.marks import Mark

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def mark(state: Mark) -> SafeString:
    """Icon and word."""
    return format_html('<span class="s {}">{}{}</span>', state.look, icon(state.look), state.word)


@register.simple_tag
def mark_icon(state: Mark) -> SafeString:
    """The icon; its word is read aloud."""
    return format_html(
        '<span class="s {}" title="{}">{}<span class="unseen">{}</span></span>',
        state.look,
        state.word,
        icon(state.look),
        state.word,
    )


@register.simple_tag
def age(moment: datetime | None) -> SafeString | str:
    """Written absolutely; the page turns it into "4 min" and keeps it true."""
    if moment is None:
        return ""
    return format_html(
        '<time data-age datetime="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        f"{moment:%Y-%m-%d %H:%M} UTC",
    )


@register.simple_tag
def clock(moment: datetime) -> SafeString:
    """The time of day, in the viewer's zone once the page has run."""
    return format_html(
        '<time data-clock datetime="{}">{}</time>',
        moment.isoformat(timespec="milliseconds"),
        f"{moment:%H:%M:%S}",
    )


@register.simple_tag
def since(moment: datetime | None) -> SafeString | str:
    """A running count from then on."""
    if moment is None:
        return ""
    return format_html('<time data-since datetime="{}"></time>', moment.isoformat(timespec="seconds"))


@register.simple_tag
def digest(text: str) -> SafeString:
    """Shortened in the middle, whole on hover, copied by a click."""
    return format_html(
        '<button type="button" class="digest mono" data-copy="{}" title="{} (click to copy)">{}</button>',
        text,
        text,
        words.shortened(text),
    )


@register.filter
def plain(value: Any) -> str:
    """A field's value as a plan shows it."""
    import json

    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


@register.filter
def initials(label: str) -> str:
    parts = [part for part in label.replace("@", " ").split() if part]
    return "".join(part[0] for part in parts[:2]).upper()


@register.filter
def at(items: Sequence[Any], index: int) -> Any:
    return items[index]
