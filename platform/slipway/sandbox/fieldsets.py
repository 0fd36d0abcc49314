"""Sets of field paths, as managedFields record them.

A path is a tuple of FieldsV1 elements: `f:name` for a field or map key, `k:{"name":"web"}` for an element of a
list that is a map, `v:"x"` for a member of a list that is a set. Sets are Python sets of such tuples.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from slipway.sandbox.schemas import Type
from slipway.sandbox.typed import key_of

Path = tuple[str, ...]
Paths = frozenset[Path]
EMPTY: Paths = frozenset()

# Never owned by anybody.
STRIPPED: Paths = frozenset(
    [("f:apiVersion",), ("f:kind",), ("f:metadata",)]
    + [
        ("f:metadata", f"f:{name}")
        for name in (
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "generation",
            "managedFields",
            "resourceVersion",
            "generateName",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        )
    ]
)


def element_of(item: Any, kind: Type) -> str:
    """The path element of one item of an associative list."""
    if kind.relationship == "map":
        try:
            key = dict(zip(kind.keys, key_of(item, kind.keys), strict=True))
        except (KeyError, AttributeError):  # an ordinary write may leave a key out; validation speaks of it
            return "v:" + json.dumps(item, separators=(",", ":"), ensure_ascii=False)
        return "k:" + json.dumps(key, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "v:" + json.dumps(item, separators=(",", ":"), ensure_ascii=False)


def is_leaf(kind: Type) -> bool:
    """Owned and replaced as a whole. Lists of unknown shape are; maps of unknown shape are not."""
    return kind.shape == "scalar" or kind.atomic


def of_object(value: Any, kind: Type) -> Paths:
    """Every field that an applied configuration sets."""
    found: set[Path] = set()
    _collect(value, kind, (), found)
    return frozenset(found) - STRIPPED


def _collect(value: Any, kind: Type, path: Path, into: set[Path]) -> None:
    if is_leaf(kind) or not isinstance(value, (dict, list)):
        into.add(path)
    elif isinstance(value, list):
        if kind.shape == "any":
            into.add(path)
            return
        for item in value:
            inner = (*path, element_of(item, kind))
            into.add(inner)
            if isinstance(item, dict):
                _collect(item, kind.element, inner, into)
    else:
        for key, item in value.items():
            child = kind.child(key)
            if child is None:
                continue
            inner = (*path, f"f:{key}")
            if item is None or item == {} or kind.shape != "struct":
                into.add(inner)
            _collect(item, child, inner, into)


class Comparison:
    """Which fields differ between two states of an object, containers that came or went included."""

    __slots__ = ("added", "modified", "removed")

    def __init__(self, before: Any, after: Any, kind: Type) -> None:
        self.added: set[Path] = set()
        self.modified: set[Path] = set()
        self.removed: set[Path] = set()
        self._compare(before, after, kind, ())
        for paths in (self.added, self.modified, self.removed):
            paths.difference_update(STRIPPED, [()])

    def _compare(self, before: Any, after: Any, kind: Type, path: Path) -> None:
        if before == after:
            return
        if before is None:
            self._all(after, kind, path, self.added)
        elif after is None:
            self._all(before, kind, path, self.removed)
        elif is_leaf(kind) or type(before) is not type(after) or not isinstance(before, (dict, list)):
            self.modified.add(path)
        elif isinstance(before, list):
            if kind.shape == "any":
                self.modified.add(path)
                return
            old = {element_of(item, kind): item for item in before}
            new = {element_of(item, kind): item for item in after}
            for element in old.keys() | new.keys():
                self._compare(old.get(element), new.get(element), kind.element, (*path, element))
        else:
            for key in before.keys() | after.keys():
                child = kind.child(key)
                if child is not None:
                    self._compare(before.get(key), after.get(key), child, (*path, f"f:{key}"))

    def _all(self, value: Any, kind: Type, path: Path, into: set[Path]) -> None:
        into.add(path)
        if is_leaf(kind):
            return
        if isinstance(value, dict):
            for key, item in value.items():
                child = kind.child(key)
                if child is not None:
                    self._all(item, child, (*path, f"f:{key}"), into)
        elif isinstance(value, list) and kind.shape == "list":
            for item in value:
                self._all(item, kind.element, (*path, element_of(item, kind)), into)


def with_named(paths: Iterable[Path], kind: Type) -> Paths:
    """The set with every struct field on the way to a member; map keys and list elements are not implied."""
    found = set(paths)
    types: dict[Path, Type | None] = {(): kind}

    def type_at(path: Path) -> Type | None:
        if path not in types:
            parent = type_at(path[:-1])
            if parent is None:
                types[path] = None
            elif path[-1].startswith("f:"):
                types[path] = parent.child(path[-1][2:])
            else:
                types[path] = parent.element
        return types[path]

    for path in tuple(found):
        for depth in range(len(path) - 1, 0, -1):
            above = path[:depth]
            if above in found:
                continue
            parent = type_at(above[:-1])
            if parent is not None and parent.shape == "struct" and above[-1].startswith("f:"):
                found.add(above)
    return frozenset(found)


def to_fields_v1(paths: Iterable[Path]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    members = set(paths)
    for path in sorted(members):
        node = root
        for depth, element in enumerate(path):
            if element not in node:
                node[element] = {}
            elif not node[element] and path[: depth + 1] in members and depth + 1 < len(path):
                node[element]["."] = {}
            node = node[element]
    return root


def from_fields_v1(fields: dict[str, Any]) -> Paths:
    found: set[Path] = set()

    def walk(node: dict[str, Any], path: Path) -> None:
        if not node:
            found.add(path)
        for element, inner in node.items():
            if element == ".":
                found.add(path)
            else:
                walk(inner, (*path, element))

    walk(fields, ())
    found.discard(())
    return frozenset(found)


def printed(path: Path) -> str:
    """`.spec.template.spec.containers[name="web"].image`"""
    text = ""
    for element in path:
        if element.startswith("f:"):
            text += f".{element[2:]}"
        elif element.startswith("k:"):
            keys = json.loads(element[2:])
            inner = ",".join(
                f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in sorted(keys.items())
            )
            text += f"[{inner}]"
        else:
            text += f"[={element[2:]}]"
    return text
