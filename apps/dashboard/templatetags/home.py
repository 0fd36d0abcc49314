from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from apps.dashboard.cell_html import cell_html
from apps.dashboard.pictures.cells import Cell

register = template.Library()


@register.simple_tag
def cell(picture: Cell, slug: str) -> SafeString:
    return cell_html(picture, slug)
