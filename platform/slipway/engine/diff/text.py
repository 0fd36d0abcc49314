"""A unified text difference of two objects, for people who would rather read YAML than fields."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any

from slipway.engine.diff.fields import normalised
from slipway.engine.objects import Manifest

_PLAIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./")


def unified(before: Manifest | None, after: Manifest | None, *, context_lines: int = 3) -> str:
    old = list(_lines(normalised(before))) if before is not None else []
    new = list(_lines(normalised(after))) if after is not None else []
    return "\n".join(difflib.unified_diff(old, new, "live", "plan", n=context_lines, lineterm=""))


def _lines(value: Any, indent: int = 0) -> Iterator[str]:
    pad = "  " * indent
    if isinstance(value, dict):
        for name in sorted(value):
            inner = value[name]
            if isinstance(inner, dict | list) and inner:
                yield f"{pad}{name}:"
                yield from _lines(inner, indent + 1)
            else:
                yield f"{pad}{name}: {_scalar(inner)}"
    elif isinstance(value, list):
        for entry in value:
            if isinstance(entry, dict | list) and entry:
                first, *rest = list(_lines(entry, indent + 1))
                yield f"{pad}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{pad}- {_scalar(entry)}"
    else:
        yield f"{pad}{_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and value and set(value) <= _PLAIN and not value[0].isdigit():
        return value
    return json.dumps(value, ensure_ascii=False)
