"""What one manager applied, read back from a live object: the manifest that, applied again by it, changes nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from slipway.engine.objects import Manifest


def applied_by(live: Manifest, manager: str) -> Manifest:
    """Identity and the fields that `manager` owns by server-side apply, with their live values."""
    metadata = {"name": live["metadata"]["name"]}
    if namespace := live["metadata"].get("namespace"):
        metadata["namespace"] = namespace
    found: Manifest = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": metadata}
    for entry in live["metadata"].get("managedFields") or ():
        if (
            entry.get("manager") == manager
            and entry.get("operation") == "Apply"
            and not entry.get("subresource")
        ):
            owned = _taken(live, entry.get("fieldsV1") or {})
            found = {**owned, **found, "metadata": {**owned.get("metadata", {}), **metadata}}
    return found


def _taken(value: Any, fields: Mapping[str, Any]) -> Any:
    """The part of `value` that `fields` name. A leaf is taken whole; what is gone is left out."""
    inner = {name: below for name, below in fields.items() if name != "."}
    if isinstance(value, list) and any(name.startswith(("k:", "v:")) for name in inner):
        return [taken for entry in value if (taken := _entry(entry, inner)) is not None]
    if isinstance(value, dict) and inner:
        names = {name[2:]: below for name, below in inner.items() if name.startswith("f:")}
        return {name: _taken(value[name], below) for name, below in names.items() if name in value}
    if "." in fields and isinstance(value, dict | list):
        return type(value)()  # it is owned, and nothing in it
    return copy.deepcopy(value)


def _entry(entry: Any, fields: Mapping[str, Any]) -> Any | None:
    for name, below in fields.items():
        kind, _, rest = name.partition(":")
        if kind == "v" and entry == json.loads(rest):
            return entry
        if kind == "k" and isinstance(entry, dict):
            keys = json.loads(rest)
            if all(entry.get(key) == value for key, value in keys.items()):
                return {**_taken(entry, below), **keys}
    return None
