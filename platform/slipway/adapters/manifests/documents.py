"""YAML as Kubernetes reads it (YAML 1.1 booleans, timestamps as text), with line and column for every mistake.

Aliases are allowed, since people use them, but what they expand to is counted: a bomb ends early.
"""

from __future__ import annotations

from typing import Any

import yaml

from slipway.engine.objects import Manifest
from slipway.ports.sources import MOST_DOCUMENTS, BundleProblem

MOST_NODES = 400_000
MOST_DEPTH = 100

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # the C loader is chosen at run time
    pass


# A timestamp is a string to Kubernetes; PyYAML would make a datetime of it.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def yaml_documents(data: bytes, *, filename: str) -> list[Manifest]:
    """Every object of the text; `List` kinds are flattened, empty documents passed over. Raises BundleProblem."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BundleProblem("This is no UTF-8 text.", file=filename) from error
    found: list[Manifest] = []
    try:
        loader = _Loader(text)
        try:
            while loader.check_node():
                node = loader.get_node()
                if node is None:
                    continue
                _check(node, filename)
                value = loader.construct_document(node)
                if value is None:
                    continue
                found += _objects(value, node, filename)
                if len(found) > MOST_DOCUMENTS:
                    raise BundleProblem(f"More than {MOST_DOCUMENTS} objects.", file=filename)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise BundleProblem(_words(error), file=filename, line=line, column=column) from None
    except yaml.YAMLError as error:
        raise BundleProblem(f"This is no YAML: {str(error)[:200]}", file=filename) from None
    except (RecursionError, ValueError) as error:
        if isinstance(error, BundleProblem):
            raise
        raise BundleProblem("This YAML cannot be read.", file=filename) from None
    return found


def _objects(value: Any, node: Any, filename: str) -> list[Manifest]:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if not isinstance(value, dict):
        raise BundleProblem(
            "A document must be a mapping: one Kubernetes object.", file=filename, line=line, column=column
        )
    if str(value.get("kind", "")).endswith("List") and isinstance(value.get("items"), list):
        return [found for item in value["items"] for found in _objects(item, node, filename)]
    for name in ("apiVersion", "kind"):
        if not isinstance(value.get(name), str) or not value[name]:
            raise BundleProblem(f"This object has no {name}.", file=filename, line=line, column=column)
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise BundleProblem(
            f"This {value['kind']} has no metadata.name.", file=filename, line=line, column=column
        )
    return [value]


def _check(root: Any, filename: str) -> None:
    """Counts nodes as if aliases were written out, refuses keys that stand twice and trees that are too deep."""
    sizes: dict[int, int] = {}

    def size(node: Any, depth: int) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        mark = node.start_mark
        if depth > MOST_DEPTH:
            raise BundleProblem(
                "Nested too deeply.", file=filename, line=mark.line + 1, column=mark.column + 1
            )
        total = 1
        sizes[id(node)] = MOST_NODES + 1  # an alias to an ancestor: endless
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, inner in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    if key.value in seen:
                        at = key.start_mark
                        raise BundleProblem(
                            f"“{key.value}” stands twice in one mapping.",
                            file=filename,
                            line=at.line + 1,
                            column=at.column + 1,
                        )
                    seen.add(key.value)
                total += size(key, depth + 1) + size(inner, depth + 1)
        elif isinstance(node, yaml.SequenceNode):
            for inner in node.value:
                total += size(inner, depth + 1)
        if total > MOST_NODES:
            raise BundleProblem(
                "Its aliases expand to more than is allowed.",
                file=filename,
                line=mark.line + 1,
                column=mark.column + 1,
            )
        sizes[id(node)] = total
        return total

    size(root, 0)


def _words(error: yaml.MarkedYAMLError) -> str:
    problem = (error.problem or "this cannot be read").strip()
    return f"{problem[:1].upper()}{problem[1:]}."
