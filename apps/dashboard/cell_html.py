"""A cell of home's matrix as HTML. Not by a template: a page has 125 of them, which took a template 60 ms."""

from __future__ import annotations

from functools import lru_cache

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.dashboard.pictures.cells import Cell
from apps.dashboard.templatetags.slipway import age, mark_icon

_CELL = '<a id="{}" class="cell {}{}"{} href="{}"><span class="v">{}</span><span class="m">{}</span>{}</a>'


@lru_cache(maxsize=8192)
def cell_html(cell: Cell, slug: str) -> SafeString:
    """Frozen in, frozen out: what did not change is not made again, for whoever looks."""
    if cell.rollout_number:
        href = reverse("rollout", args=[slug, cell.rollout_number])
    else:
        href = reverse("application", args=[slug, cell.application_slug])
    follows = format_html(' data-rollout="{}"', cell.rollout_id) if cell.rollout_id else SafeString("")
    moving = " moving" if cell.is_moving else ""
    return format_html(
        _CELL, cell.id, cell.mark.look, moving, follows, href, _version(cell), _words(cell), _bar(cell)
    )


def _version(cell: Cell) -> SafeString:
    parts = [mark_icon(cell.mark)]
    if cell.version:
        parts.append(format_html('<span class="mono">{}</span>', cell.version))
    if cell.going_to and cell.going_to != cell.version:
        parts.append(format_html('<span class="to mono">→ {}</span>', cell.going_to))
    if not cell.version and not cell.going_to:
        parts.append(SafeString('<span class="faint">nothing yet</span>'))
    if cell.behind:
        title = f"{cell.behind} release{'' if cell.behind == 1 else 's'} behind the environment before"
        parts.append(format_html('<span class="behind" title="{}">−{}</span>', title, cell.behind))
    return SafeString("".join(parts))


def _words(cell: Cell) -> SafeString:
    said = [word for word in (cell.cluster, cell.words, age(cell.since), cell.by) if word]
    spans = format_html_join("", "<span>{}</span>", ((word,) for word in said))
    if cell.needs_person:
        spans += SafeString('<span class="s failed">needs a person</span>')
    return spans


def _bar(cell: Cell) -> SafeString:
    if cell.percent is None:
        return SafeString("")
    bar = '<progress max="100" value="{}" aria-label="{}">{} %</progress>'
    return format_html(bar, cell.percent, cell.words, cell.percent)
