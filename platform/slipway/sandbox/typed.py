"""An object held against its type: unknown fields found, wrong types refused, quantities made canonical."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from slipway.sandbox.quantities import canonical
from slipway.sandbox.schemas import KEY_DEFAULTS, Type

NUMBER = "numeric (int or float)"
_EXPECTED = {
    "string": "string",
    "time": "string",
    "boolean": "boolean",
    "integer": NUMBER,
    "number": NUMBER,
}
_GO = {
    "string": "string",
    "time": "Time",
    "boolean": "bool",
    "integer": "int32",
    "number": "float64",
}


@dataclass(slots=True)
class Conformed:
    value: Any
    unknown: list[str] = field(default_factory=list)  # "spec.foo", dropped from the value
    wrong: list[Wrong] = field(default_factory=list)
    unkeyed: list[Wrong] = field(default_factory=list)  # what only a server-side apply minds


@dataclass(frozen=True, slots=True)
class Wrong:
    path: str
    expected: str
    got: str
    go_type: str
    problem: str = ""  # a text of its own in place of expected/got
    json_type: str = ""  # as the JSON decoder names what it got

    def as_typed(self) -> str:
        return f".{self.path}: {self.problem or f'expected {self.expected}, got {self.got}'}"

    def as_decoded(self) -> str:
        if self.problem:
            return self.problem
        return f"json: cannot unmarshal {self.json_type or self.got} into Go struct field {self.path} of type {self.go_type}"


def conform(value: Any, kind: Type) -> Conformed:
    """A copy with nulls and unknown fields gone, and of a built-in kind also what Go leaves out when empty."""
    answer = Conformed(None)
    answer.value = _visit(value, kind, "", answer)
    return answer


def _visit(value: Any, kind: Type, path: str, into: Conformed) -> Any:
    shape = kind.shape
    if shape == "scalar":
        return _scalar(value, kind, path, into)
    if shape == "any" or value is None:
        return value
    if shape == "list":
        if not isinstance(value, list):
            return _refuse(value, path, "list", "[]", into)
        element = kind.element
        answer = [_visit(item, element, f"{path}[{index}]", into) for index, item in enumerate(value)]
        if kind.relationship == "map":
            _keyed(answer, kind, path, into)
        return answer
    if not isinstance(value, dict):
        return _refuse(value, path, "map", "map[string]interface {}", into)
    return _map(value, kind, path, into)


def _map(value: dict[str, Any], kind: Type, path: str, into: Conformed) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for key, item in value.items():
        child = kind.child(key)
        where = f"{path}.{key}" if path else key
        if child is None:
            into.unknown.append(where)
        elif item is not None:
            held = _visit(item, child, where, into)
            if held or not _left_out(held, child) or key in kind.required:
                answer[key] = held
        elif kind.shape == "map" and child.shape == "scalar" and child.scalar == "string":
            answer[key] = ""  # a null in a map of strings decodes to the empty string
    return answer


def _left_out(value: Any, kind: Type) -> bool:
    """Empty lists and maps of built-in kinds; an empty struct is a pointer and stays (`emptyDir: {}`)."""
    return kind.builtin and isinstance(value, (list, dict)) and kind.shape in ("list", "map")


def _scalar(value: Any, kind: Type, path: str, into: Conformed) -> Any:
    scalar = kind.scalar
    if scalar == "quantity":
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            text = canonical(str(value))
            if text is not None:
                return text
            problem = (
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            )
            into.wrong.append(Wrong(path, "", "", "", problem))
            return value
        return _refuse(value, path, "string", "resource.Quantity", into)
    if scalar == "int-or-string":
        fine = isinstance(value, (str, int)) and not isinstance(value, bool)
    elif scalar == "boolean":
        fine = isinstance(value, bool)
    elif scalar == "integer":
        fine = isinstance(value, int) and not isinstance(value, bool)
        if not fine and isinstance(value, float) and value.is_integer():
            return int(value)
    elif scalar == "number":
        fine = isinstance(value, (int, float)) and not isinstance(value, bool)
    else:
        fine = isinstance(value, str)
    if not fine:
        return _refuse(
            value, path, _EXPECTED.get(scalar, "string"), _GO.get(scalar, "intstr.IntOrString"), into
        )
    if kind.format == "byte":
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            # the value itself never goes into a refusal: this is a Secret's
            into.wrong.append(Wrong(path, "", "", "", "illegal base64 data at input byte 0"))
    return value


def _keyed(items: list[Any], kind: Type, path: str, into: Conformed) -> None:
    """A list that is a map needs its keys in every element, each combination once."""
    seen: set[tuple[Any, ...]] = set()
    for item in items:
        if not isinstance(item, dict):
            continue
        try:
            key = key_of(item, kind.keys)
        except KeyError as missing:
            name = missing.args[0]
            problem = (
                f"element {items.index(item)}: associative list with keys has an element that omits key field "
                f'"{name}" (and doesn\'t have default value)'
            )
            into.unkeyed.append(Wrong(path, "", "", "", problem))
            continue
        if key in seen:
            shown = ",".join(f"{name}={_quoted(part)}" for name, part in zip(kind.keys, key, strict=True))
            into.unkeyed.append(Wrong(path, "", "", "", f"duplicate entries for key [{shown}]"))
        seen.add(key)


def key_of(item: dict[str, Any], keys: Iterable[str]) -> tuple[Any, ...]:
    """KeyError names the key field that is missing and has no default."""
    found = []
    for name in keys:
        value = item.get(name, KEY_DEFAULTS.get(name))
        if value is None:
            raise KeyError(name)
        found.append(value)
    return tuple(found)


def _refuse(value: Any, path: str, expected: str, go_type: str, into: Conformed) -> Any:
    if expected == "string":
        shown = json.dumps(value, separators=(",", ":"))
        go_name = {bool: "bool", int: "number", float: "number", list: "array"}.get(type(value), "object")
        into.wrong.append(
            Wrong(path, expected, f"&value.valueUnstructured{{Value:{shown}}}", go_type, json_type=go_name)
        )
        return value
    got = {
        str: "string",
        bool: "boolean",
        int: "int",
        float: "float",
        list: "list",
        dict: "map",
        type(None): "null",
    }[type(value)]
    into.wrong.append(Wrong(path, expected, got, go_type))
    return value


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
