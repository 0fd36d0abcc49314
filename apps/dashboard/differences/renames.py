"""ConfigMaps and Secrets carry a hash of their content in their name, so a change of content is a new object.

That is one change to whoever reads a plan: `settings-8f2k1c0a9b → settings-1a2b3c4d5e` is the content of `settings`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slipway.engine.objects import Manifest, ObjectKey
from slipway.engine.plans import PlannedObject, Verb

_SUFFIX = re.compile(r"(.+)-([0-9a-f]{10})")
_KINDS = frozenset({"ConfigMap", "Secret"})


@dataclass(frozen=True, slots=True)
class Rename:
    base: str  # the name that people gave
    before: ObjectKey
    after: ObjectKey


def base_name(key: ObjectKey) -> str:
    """Without its suffix; "" where it has none."""
    found = _SUFFIX.fullmatch(key.name) if key.kind in _KINDS and not key.group else None
    return found[1] if found else ""


def may_be_renamed(objects: Iterable[PlannedObject]) -> bool:
    return any(item.verb is Verb.CREATE and base_name(item.key) for item in objects)


def renames(objects: Iterable[PlannedObject], standing: Mapping[ObjectKey, Manifest]) -> tuple[Rename, ...]:
    """A created object is its predecessor's new content: one that this plan deletes, or that was applied last."""
    planned = list(objects)
    created = [item.key for item in planned if item.verb is Verb.CREATE and base_name(item.key)]
    taken = {item.key for item in planned if item.verb not in {Verb.PRUNE, Verb.KEEP}}
    earlier: dict[tuple[str, str, str], ObjectKey] = {}
    for key in [*standing, *(item.key for item in planned if item.verb is Verb.PRUNE)]:
        if key not in taken and (base := base_name(key)):
            earlier[key.kind, key.namespace, base] = key
    return tuple(
        Rename(base_name(key), old, key)
        for key in created
        if (old := earlier.get((key.kind, key.namespace, base_name(key)))) is not None
    )


def with_new_names(value: Any, names: Mapping[str, str]) -> Any:
    """The value as it would read had only the names moved on."""
    if isinstance(value, dict):
        return {name: with_new_names(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_new_names(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value
