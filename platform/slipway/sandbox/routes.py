"""From a path to what it means."""

from __future__ import annotations

from slipway.sandbox.errors import no_such_path
from slipway.sandbox.kinds import Kinds
from slipway.sandbox.requests import Target

_NAMESPACE_SUBRESOURCES = ("status", "finalize")


def resource_target(kinds: Kinds, path: str) -> Target:
    """`/api/v1/namespaces/shop/pods/web/log` and its like; 404 for anything that is not served."""
    parts = [part for part in path.split("/") if part]
    if parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    else:
        group, version, rest = parts[1], parts[2], parts[3:]
    namespace = ""
    if (
        len(rest) >= 3
        and rest[0] == "namespaces"
        and not (group == "" and len(rest) == 3 and rest[2] in _NAMESPACE_SUBRESOURCES)
    ):
        namespace, rest = rest[1], rest[2:]
    kind = kinds.served(group, version, rest[0])
    if kind is None or (namespace and not kind.namespaced) or len(rest) > 3:
        raise no_such_path()
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    if kind.namespaced and name and not namespace:
        raise no_such_path()
    return Target(kind, version, namespace, name, subresource)
