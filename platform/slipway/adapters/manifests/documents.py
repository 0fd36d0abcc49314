"""YAML as Kubernetes reads it, with line and column for every mistake.

Aliases are allowed, since people use them, but what they expand to is counted: a bomb ends early.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from slipway.engine.objects import Manifest
from slipway.ports.sources import MOST_DOCUMENTS, BundleProblem

MOST_NODES = 400_000
MOST_DEPTH = 100

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # the C loader is chosen at run time
    pass


# As kubectl's YAML resolves plain scalars, and not as PyYAML does: 22:22 is text and no sexagesimal number, a
# timestamp and a lone = are text, 1e3 is a number, y is true.
_SCALARS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (
        r"y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
        list("yYnNtTfFoO"),
    ),
    "int": (r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    "merge": (r"<<", ["<"]),
}
_Loader.yaml_implicit_resolvers = {}
for _tag, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)
_TRUE = frozenset({"y", "yes", "true", "on"})
_Loader.add_constructor("tag:yaml.org,2002:bool", lambda _, node: node.value.lower() in _TRUE)


def yaml_documents(data: bytes, *, filename: str) -> list[Manifest]:
    """Every object of the text; `List` kinds are flattened, empty documents passed over. Raises BundleProblem."""
    found: list[Manifest] = []
    for value, node in yaml_values(data, filename=filename):
        found += _objects(value, node, filename)
        if len(found) > MOST_DOCUMENTS:
            raise BundleProblem(f"More than {MOST_DOCUMENTS} objects.", file=filename)
    return found


def yaml_values(data: bytes, *, filename: str) -> Iterator[tuple[Any, Any]]:
    """Each document that is not empty, as what JSON can hold, and the node it came from. Raises BundleProblem."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BundleProblem("This is no UTF-8 text.", file=filename) from error
    try:
        _check_depth(text, filename)
        loader = _Loader(text)
        try:
            while loader.check_node():
                node = loader.get_node()
                if node is None:
                    continue
                _check(node, filename)
                value = loader.construct_document(node)
                if value is not None:
                    yield _plain(value, node, filename), node
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise BundleProblem(_words(error), file=filename, line=line, column=column) from None
    except yaml.YAMLError as error:
        raise BundleProblem(f"This is no YAML: {str(error)[:200]}", file=filename) from None
    except BundleProblem:
        raise
    except (RecursionError, ValueError, OverflowError):
        raise BundleProblem("This YAML cannot be read.", file=filename) from None


def _check_depth(text: str, filename: str) -> None:
    """Before anything is composed: the C composer recurses, and a text of brackets alone would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                raise _at(event, filename, "Nested too deeply.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _plain(value: Any, node: Any, filename: str) -> Any:
    """A tree of JSON's own types, nothing shared: an alias is written out, a key is text, 1e3 is 1000."""
    if isinstance(value, dict):
        return {_key(name, node, filename): _plain(inner, node, filename) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, node, filename) for inner in value]
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() and abs(value) < 1e21 else value
    if value is None or isinstance(value, str | bool | int):
        return value
    raise _at(node, filename, f"“{str(value)[:40]}” is nothing that JSON can say.")


def _key(name: Any, node: Any, filename: str) -> str:
    if isinstance(name, bool):
        return "true" if name else "false"
    if isinstance(name, str | int | float):
        return str(name)
    raise _at(node, filename, f"“{str(name)[:40]}” is no name of a field.")


def _at(node: Any, filename: str, sentence: str) -> BundleProblem:
    mark = node.start_mark
    return BundleProblem(sentence, file=filename, line=mark.line + 1, column=mark.column + 1)


def _objects(value: Any, node: Any, filename: str) -> list[Manifest]:
    if not isinstance(value, dict):
        raise _at(node, filename, "A document must be a mapping: one Kubernetes object.")
    if str(value.get("kind", "")).endswith("List") and isinstance(value.get("items"), list):
        return [found for item in value["items"] for found in _objects(item, node, filename)]
    for name in ("apiVersion", "kind"):
        if not isinstance(value.get(name), str) or not value[name]:
            raise _at(node, filename, f"This object has no {name}.")
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise _at(node, filename, f"This {value['kind']} has no metadata.name.")
    if not isinstance(metadata.get("namespace") or "", str):
        raise _at(node, filename, f"The metadata.namespace of {value['kind']} {metadata['name']} is no text.")
    return [value]


def _check(root: Any, filename: str) -> None:
    """Counts nodes as if aliases were written out, and refuses keys that stand twice."""
    sizes: dict[int, int] = {}

    def size(node: Any) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        total = 1
        sizes[id(node)] = MOST_NODES + 1  # an alias to an ancestor: endless
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, inner in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    if key.value in seen:
                        raise _at(key, filename, f"“{key.value}” stands twice in one mapping.")
                    seen.add(key.value)
                total += size(key) + size(inner)
        elif isinstance(node, yaml.SequenceNode):
            for inner in node.value:
                total += size(inner)
        if total > MOST_NODES:
            raise _at(node, filename, "It is larger than is allowed, its aliases written out.")
        sizes[id(node)] = total
        return total

    size(root)


def _words(error: yaml.MarkedYAMLError) -> str:
    problem = (error.problem or "this cannot be read").strip()
    return f"{problem[:1].upper()}{problem[1:]}."
