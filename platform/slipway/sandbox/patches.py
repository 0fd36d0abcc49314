"""JSON patch (RFC 6902), merge patch (RFC 7386) and Kubernetes' strategic merge patch."""

from __future__ import annotations

import copy
from typing import Any

from slipway.sandbox.errors import ApiError, bad_request
from slipway.sandbox.schemas import Type

JSON = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
APPLY_CBOR = "application/apply-patch+cbor"


def json_patch(document: Any, operations: Any) -> Any:
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    answer = copy.deepcopy(document)
    for operation in operations:
        try:
            answer = _operate(answer, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ApiError(
                422,
                "Invalid",
                "the server rejected our request due to an error in our request: "
                f"{operation.get('op', '')} operation does not apply: doc is missing path: "
                f"{operation.get('path', '')}: missing value",
            ) from error
    return answer


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    verb, path = operation["op"], _pointer(operation["path"])
    if verb == "test":
        if _at(document, path) != operation.get("value"):
            raise ApiError(
                422,
                "Invalid",
                "the server rejected our request due to an error in our request: testing value "
                f"{operation['path']} failed: test failed",
            )
        return document
    if verb in ("move", "copy"):
        source = _pointer(operation["from"])
        value = copy.deepcopy(_at(document, source))
        if verb == "move":
            document = _take(document, source)
        return _set(document, path, value, insert=True)
    if verb == "remove":
        return _take(document, path)
    if verb in ("add", "replace"):
        if verb == "replace":
            _at(document, path)
        return _set(document, path, copy.deepcopy(operation["value"]), insert=verb == "add")
    raise bad_request(f"Unexpected kind: {verb}")


def _pointer(text: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _at(document: Any, path: list[str]) -> Any:
    for part in path:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _set(document: Any, path: list[str], value: Any, *, insert: bool) -> Any:
    if not path:
        return value
    parent, last = _at(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        if last == "-":
            parent.append(value)
        elif insert:
            if int(last) > len(parent):
                raise IndexError(last)
            parent.insert(int(last), value)
        else:
            parent[int(last)] = value
    else:
        parent[last] = value
    return document


def _take(document: Any, path: list[str]) -> Any:
    parent, last = _at(document, path[:-1]), path[-1]
    del parent[int(last) if isinstance(parent, list) else last]
    return document


def merge_patch(document: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    answer = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            answer.pop(key, None)
        else:
            answer[key] = merge_patch(answer.get(key), value)
    return answer


def strategic_patch(document: Any, patch: Any, kind: Type) -> Any:
    """Lists with a merge key merge element by element; directives $patch, $retainKeys, $setElementOrder and
    $deleteFromPrimitiveList as kubectl writes them."""
    if not isinstance(patch, dict) or not isinstance(document, dict):
        return _stripped(patch)
    directive = patch.get("$patch")
    if directive == "replace":
        return _stripped({key: value for key, value in patch.items() if key != "$patch"})
    if directive == "delete":
        return {}
    answer = dict(document)
    retained = patch.get("$retainKeys")
    if retained is not None:
        answer = {key: value for key, value in answer.items() if key in retained}
    orders = {
        key.partition("/")[2]: value for key, value in patch.items() if key.startswith("$setElementOrder/")
    }
    removals = {
        key.partition("/")[2]: value
        for key, value in patch.items()
        if key.startswith("$deleteFromPrimitiveList/")
    }
    for key in removals.keys() | {key for key in patch if not key.startswith("$")} | orders.keys():
        child = kind.child(key)
        value = patch.get(key)
        if key in patch and value is None:
            answer.pop(key, None)
        elif child is not None and child.shape == "list" and "merge" in child.patch_strategy:
            answer[key] = _strategic_list(
                answer.get(key) or [], value or [], child, orders.get(key), removals.get(key) or ()
            )
        elif key not in patch:
            continue
        elif child is not None and child.shape in ("struct", "map", "any") and isinstance(value, dict):
            present = answer.get(key)
            answer[key] = strategic_patch(present if isinstance(present, dict) else {}, value, child)
        else:
            answer[key] = _stripped(value)
    return answer


def _strategic_list(present: list[Any], patch: list[Any], kind: Type, order: Any, removals: Any) -> list[Any]:
    if not kind.patch_key:  # a list of plain values, merged as a set
        out = [item for item in present if item not in removals]
        out += [item for item in patch if item not in out]
        return sorted(out, key=order.index) if order and all(item in order for item in out) else out
    key = kind.patch_key
    if any(isinstance(item, dict) and item.get("$patch") == "replace" and len(item) == 1 for item in patch):
        return [_stripped(item) for item in patch if item.get("$patch") != "replace"]
    out = list(present)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        index = next((at for at, one in enumerate(out) if one.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            out = [one for one in out if one.get(key) != item[key]]
        elif index is None:
            out.append(_stripped(item))
        else:
            out[index] = strategic_patch(out[index], item, kind.element)
    patched = [item.get(key) for item in order] if order else [item[key] for item in patch]
    return _interleaved(out, patched, [item.get(key) for item in present], key)


def _interleaved(items: list[Any], patched: list[Any], before: list[Any], key: str) -> list[Any]:
    """The patch's elements in the patch's order, the others in theirs; a new one stands before what it meets."""
    mine = sorted(
        (one for one in items if one.get(key) in patched), key=lambda one: patched.index(one.get(key))
    )
    others = [one for one in items if one.get(key) not in patched]
    out: list[Any] = []
    while mine and others:
        name = mine[0].get(key)
        first = name in before and before.index(others[0].get(key)) < before.index(name)
        out.append((others if first else mine).pop(0))
    return out + mine + others


def _stripped(value: Any) -> Any:
    """A value put in as new carries no directives and no nulls."""
    if isinstance(value, dict):
        return {
            key: _stripped(item)
            for key, item in value.items()
            if not key.startswith("$") and item is not None
        }
    if isinstance(value, list):
        return [
            _stripped(item)
            for item in value
            if not (isinstance(item, dict) and item.get("$patch") == "delete")
        ]
    return value
