"""Names that stand in addresses: lower case letters, digits and hyphens, as Kubernetes names are."""

from __future__ import annotations

import re

from apps.core.problems import Invalid

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?")


def checked_slug(text: str, *, field: str = "slug") -> str:
    if not _SLUG.fullmatch(text):
        sentence = f"“{text}” is no short name: lower case letters, digits and hyphens, at most 60, no hyphen at its ends."
        raise Invalid(sentence, fields={field: sentence})
    return text
