"""What differs between two states of one object, as a person reads it.

Lists whose entries have a name (containers, ports, env) are compared by it, so that an entry put in front is one
addition and not a change of every entry after it.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.engine.objects import Manifest

# Written by servers and controllers: never a change that a release makes.
_NOISE = ("status",)
_METADATA_NOISE = (
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
_ANNOTATION_NOISE = ("kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision")

# The merge keys of the API's keyed lists, most telling first.
_KEYS = (
    "name",
    "mountPath",
    "containerPort",
    "port",
    "devicePath",
    "ip",
    "topologyKey",
    "key",
    "type",
    "uid",
)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """`before` or `after` is None where the field is not there."""

    path: str  # spec.template.spec.containers[name=server].image
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "before": self.before, "after": self.after}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FieldChange:
        return cls(value["path"], value["before"], value["after"])


def normalised(manifest: Manifest) -> Manifest:
    """A copy without what servers write. Idempotent."""
    clean = copy.deepcopy(manifest)
    for name in _NOISE:
        clean.pop(name, None)
    metadata = clean.get("metadata")
    if isinstance(metadata, dict):
        for name in _METADATA_NOISE:
            metadata.pop(name, None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            for name in _ANNOTATION_NOISE:
                annotations.pop(name, None)
            if not annotations:
                metadata.pop("annotations")
    return clean


def changes(
    before: Manifest | None, after: Manifest | None, *, ignore: Sequence[str] = ()
) -> tuple[FieldChange, ...]:
    """Ordered by path. `ignore` are paths with `*`, as `spec.replicas` or `metadata.annotations.*`."""
    one = normalised(before) if before is not None else None
    other = normalised(after) if after is not None else None
    found = [FieldChange(path, old, new) for path, old, new in _walk("", one, other)]
    ignored = [_pattern(rule) for rule in ignore]
    kept = [change for change in found if not any(rule.fullmatch(change.path) for rule in ignored)]
    return tuple(sorted(kept, key=lambda change: change.path))


def _pattern(rule: str) -> re.Pattern[str]:
    """`*` is anything; brackets are part of a path, which a shell's glob would read as a set of characters."""
    return re.compile(".*".join(re.escape(part) for part in rule.split("*")))


def _walk(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if _same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(set(before) | set(after)):
            yield from _walk(_member(path, name), before.get(name), after.get(name))
        return
    if isinstance(before, list) and isinstance(after, list):
        key = list_key(before, after)
        if key is not None:
            old = {str(entry[key]): entry for entry in before}
            new = {str(entry[key]): entry for entry in after}
            for name in sorted(set(old) | set(new)):
                yield from _walk(f"{path}[{key}={name}]", old.get(name), new.get(name))
            if (
                set(old) == set(new)
                and list(old) != list(new)
                and all(old[name] == new[name] for name in old)
            ):
                yield f"{path}[order]", list(old), list(new)
            return
    yield path, before, after


def _same(before: Any, after: Any) -> bool:
    """To Python 1 is True; to a server it is another type."""
    return before == after and json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)


def _member(path: str, name: str) -> str:
    text = name if "." not in name and "[" not in name else json.dumps(name)
    return f"{path}.{text}" if path else text


def list_key(before: list[Any], after: list[Any]) -> str | None:
    entries = [*before, *after]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        return None
    for key in _KEYS:
        if all(isinstance(entry.get(key), str | int) for entry in entries) and all(
            len({str(entry[key]) for entry in side}) == len(side) for side in (before, after)
        ):
            return key
    return None
