"""The inverse of a field change's path: what stands there in a manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from slipway.engine.diff.fields import list_key, normalised
from slipway.engine.objects import Manifest


def value_at(manifest: Manifest, path: str) -> Any:
    """As `changes` would name it; None where nothing stands. "" is the whole object."""
    value: Any = normalised(manifest)
    for kind, text in _tokens(path):
        if kind == "member":
            value = value.get(text) if isinstance(value, dict) else None
        elif not isinstance(value, list):
            return None
        elif text == "order":
            return [str(entry[list_key(value, value) or "name"]) for entry in value]
        else:
            key, _, wanted = text.partition("=")
            value = next(
                (entry for entry in value if isinstance(entry, dict) and str(entry.get(key)) == wanted), None
            )
    return value


def _tokens(path: str) -> Iterator[tuple[str, str]]:
    """`spec.list[name=web]."a.b"` → member spec, member list, entry name=web, member a.b."""
    at = 0
    while at < len(path):
        if path[at] == "[":
            end = at + 1
            while end < len(path) and not (path[end] == "]" and path[end + 1 : end + 2] in {"", ".", "["}):
                end += 1
            yield "entry", path[at + 1 : end]
            at = end + 1
        elif path[at] == '"':
            name, end = json.JSONDecoder().raw_decode(path, at)
            yield "member", name
            at = end
        else:
            end = at
            while end < len(path) and path[end] not in ".[":
                end += 1
            yield "member", path[at:end]
            at = end
        if path[at : at + 1] == ".":
            at += 1
