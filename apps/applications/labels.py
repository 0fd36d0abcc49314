"""Labels are what Kubernetes takes as labels, so that one set of words serves here and there. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.core.problems import Invalid

MOST = 50
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_RULE = "letters, digits, “-”, “_” and “.”, at most 63, beginning and ending with a letter or digit"


def checked_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Sorted by key. Raises Invalid with a sentence per label that is none, under its path: labels.team."""
    wrong = {f"labels.{key}": why for key, value in labels.items() if (why := _mistake(key, value))}
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    if len(labels) > MOST:
        why = f"An application has at most {MOST} labels, not {len(labels)}."
        raise Invalid(why, fields={"labels": why})
    return dict(sorted(labels.items()))


def _mistake(key: str, value: str) -> str:
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > 253 or not _PREFIX.fullmatch(prefix)):
        return f"“{prefix}” before the slash of “{key}” is no domain in lower case, like acme.example."
    if not _NAME.fullmatch(name):
        return f"“{key}” cannot be a label's key: it is {_RULE}."
    if value and not _NAME.fullmatch(value):
        return f"“{value}” cannot be the value of {key}: it is {_RULE}, or nothing."
    return ""


def read_label(text: str) -> tuple[str, str | None]:
    """ "team=shop" as a filter; "team" alone asks for the key, whatever its value (None)."""
    key, equals, value = text.strip().partition("=")
    return key.strip(), value.strip() if equals else None
