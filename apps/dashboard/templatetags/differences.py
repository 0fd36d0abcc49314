"""Lines of a difference. In Python, since a template loop over thousands of lines is what a large plan would wait for."""

from __future__ import annotations

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from apps.dashboard.differences.lines import Line, Run
from apps.dashboard.words import count, shortened

register = template.Library()


@register.simple_tag
def run_lines(run: Run) -> SafeString:
    """One run of a difference: changed lines in a block of their own, so that two columns can be laid out of them."""
    lines = "".join(_line(line) for line in run.lines)
    if run.folded:
        words = "line unchanged" if run.folded == 1 else "lines unchanged"
        text = f"{run.folded} {words}" if run.kind == "fold" else f"and {count(run.folded, 'line')} more"
        lines += f'<div class="fold">{text}</div>'
    html = f'<div class="run">{lines}</div>' if run.kind == "change" else lines
    return mark_safe(html)  # noqa: S308  every text went through `escape`


def _line(line: Line) -> str:
    text = "".join(
        f"<mark>{escape(part.text)}</mark>" if part.changed else escape(part.text) for part in line.parts
    )
    return f'<div class="{line.side}"><span>{text}</span></div>'


@register.filter
def short_digest(text: str) -> str:
    return shortened(text)


@register.simple_tag(takes_context=True)
def query_without(context: template.Context, *names: str) -> str:
    """The page's own query but for these, ready to be added to: "verb=change&"; "" in what is pushed."""
    request = context.get("request")
    if request is None:
        return ""
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    text = query.urlencode()
    return f"{text}&" if text else ""
