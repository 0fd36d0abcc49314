"""Who owns which field, read from managedFields (the server-side apply bookkeeping of the API server)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slipway.engine.objects import Manifest


@dataclass(frozen=True, slots=True)
class Owned:
    manager: str
    operation: str  # Apply or Update
    subresource: str
    paths: frozenset[str]  # leaves: spec.template.spec.containers[name=web].image


def owners(live: Manifest) -> tuple[Owned, ...]:
    entries = (live.get("metadata") or {}).get("managedFields") or []
    return tuple(
        Owned(
            str(entry.get("manager", "")),
            str(entry.get("operation", "")),
            str(entry.get("subresource", "")),
            frozenset(_leaves("", entry.get("fieldsV1") or {})),
        )
        for entry in entries
    )


def owned_by(live: Manifest, manager: str) -> frozenset[str]:
    """The leaves that this manager applied."""
    paths: frozenset[str] = frozenset()
    for entry in owners(live):
        if entry.manager == manager and entry.operation == "Apply":
            paths |= entry.paths
    return paths


def strangers(
    live: Manifest, *, allowed: frozenset[str], known_controllers: frozenset[str]
) -> dict[str, str]:
    """Spec fields (path → manager) that somebody wrote who is neither us nor a controller."""
    found: dict[str, str] = {}
    for entry in owners(live):
        if entry.manager in allowed or entry.manager in known_controllers or entry.subresource:
            continue
        for path in entry.paths:
            if path.startswith(("spec.", "data.", "binaryData.", "webhooks")):
                found[path] = entry.manager
    return found


CONTROLLERS = frozenset(
    {"kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver", "cloud-controller-manager"}
)


def _leaves(path: str, fields: Mapping[str, Any]) -> Iterator[str]:
    inner = {name: value for name, value in fields.items() if name != "."}
    if not inner and path:
        yield path
    for name, value in inner.items():
        kind, _, rest = name.partition(":")
        if kind == "f":
            text = rest if "." not in rest and "[" not in rest else json.dumps(rest)
            step = f"{path}.{text}" if path else text
        elif kind == "k":
            keys = json.loads(rest)
            step = f"{path}[{','.join(f'{key}={keys[key]}' for key in sorted(keys))}]"
        elif kind == "v":
            step = f"{path}[={json.loads(rest)}]"
        else:
            step = f"{path}[{rest}]"
        yield from _leaves(step, value if isinstance(value, dict) else {})
