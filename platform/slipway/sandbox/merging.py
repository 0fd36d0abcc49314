"""Server-side apply's two movements on an object: put a configuration into it, take fields out of it."""

from __future__ import annotations

from typing import Any

from slipway.sandbox.fieldsets import Path, Paths, element_of, is_leaf
from slipway.sandbox.schemas import Type


def merge(live: Any, config: Any, kind: Type) -> Any:
    """`live` with what `config` says; neither is changed, unchanged parts are shared."""
    if config is None:
        return live
    if live is None or is_leaf(kind) or type(live) is not type(config):
        return config
    if isinstance(config, dict):
        merged = dict(live)
        for key, value in config.items():
            child = kind.child(key)
            if child is not None:
                merged[key] = merge(live.get(key), value, child)
        return merged
    if isinstance(config, list) and kind.shape == "list":
        return _merge_list(live, config, kind)
    return config


def _merge_list(live: list[Any], config: list[Any], kind: Type) -> list[Any]:
    """Shared elements stand in the configuration's order, the others keep their place among the live ones."""
    old = {element_of(item, kind): item for item in live}
    new = {element_of(item, kind): item for item in config}
    wanted = list(new)
    out: list[Any] = []
    done: set[str] = set()

    def take(element: str) -> None:
        out.append(merge(old.get(element), new[element], kind.element))
        done.add(element)

    position = 0
    for element, item in old.items():
        if element not in new:
            out.append(item)
            continue
        if element in done:
            continue
        # everything the configuration names before and up to this element comes now, unless a shared one that
        # stands further down in the live list would be pulled up: then this one waits for its turn
        ahead = next((one for one in wanted[position:] if one in old), None)
        if ahead != element:
            continue
        while position < len(wanted):
            current = wanted[position]
            position += 1
            take(current)
            if current == element:
                break
    for element in wanted[position:]:
        take(element)
    return out


def remove(value: Any, paths: Paths, kind: Type) -> Any:
    """Without the given fields and elements; a container that this empties goes as well."""
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        for element in path[:-1]:
            node = node.setdefault(element, {})
            if node is None:
                break
        if node is not None:
            node[path[-1]] = None
    return _remove(value, tree, kind)


def _remove(value: Any, tree: dict[str, Any], kind: Type) -> Any:
    if isinstance(value, dict):
        answer: dict[str, Any] = {}
        for key, item in value.items():
            element = f"f:{key}"
            if element not in tree:
                answer[key] = item
                continue
            inner, child = tree[element], kind.child(key)
            if inner is None or child is None:
                continue
            left = _remove(item, inner, child)
            if left or left == item or not isinstance(left, (dict, list)):
                answer[key] = left
        return answer
    if isinstance(value, list) and kind.shape == "list" and not kind.atomic:
        kept = []
        for item in value:
            element = element_of(item, kind)
            if element not in tree:
                kept.append(item)
            elif tree[element] is not None:
                kept.append(_remove(item, tree[element], kind.element))
        return kept
    return value


def has(value: Any, path: Path, kind: Type) -> bool:
    """Whether the object has something at that path."""
    for element in path:
        if element.startswith("f:"):
            if not isinstance(value, dict) or element[2:] not in value:
                return False
            child = kind.child(element[2:])
            value, kind = value[element[2:]], child or kind
        else:
            if not isinstance(value, list):
                return False
            value = next((item for item in value if element_of(item, kind) == element), None)
            if value is None:
                return False
            kind = kind.element
    return True
