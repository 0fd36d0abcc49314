"""The scale subresource: replicas of a workload, seen through autoscaling/v1 Scale."""

from __future__ import annotations

from typing import Any

from slipway.sandbox import patches
from slipway.sandbox.errors import ApiError, bad_request, not_found
from slipway.sandbox.requests import Options, Target
from slipway.sandbox.schemas import definitions
from slipway.sandbox.store import Manifest
from slipway.sandbox.writing import Writer

_DEFAULT_PATHS = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}


class Scales:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def get(self, target: Target) -> Manifest:
        return _scale(self._live(target), target)

    def update(self, target: Target, body: Any, content_type: str | None, options: Options) -> Manifest:
        """`content_type` None replaces, else patches."""
        live = self._live(target)
        scale = _scale(live, target)
        if content_type is None or content_type == patches.APPLY:
            wanted = body
        elif content_type == patches.JSON:
            wanted = patches.json_patch(scale, body)
        elif content_type == patches.MERGE:
            wanted = patches.merge_patch(scale, body)
        else:
            kind = definitions().kind("autoscaling", "v1", "Scale")
            if kind is None:
                raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type")
            wanted = patches.strategic_patch(scale, body, kind)
        if not isinstance(wanted, dict):
            raise bad_request("the object provided is unrecognized (must be of type Scale)")
        replicas = (wanted.get("spec") or {}).get("replicas", 0)
        obj = patches.merge_patch(live, _nested(_path(target, "specReplicasPath"), replicas))
        version = (wanted.get("metadata") or {}).get("resourceVersion")
        if version:
            obj["metadata"]["resourceVersion"] = version
        after, _ = self._writer.replace(target, obj, options)
        return _scale(after, target)

    def _live(self, target: Target) -> Manifest:
        live = self._writer.live(target)
        if live is None:
            raise not_found(target.kind.plural, target.kind.group, target.name)
        return live


def _path(target: Target, name: str) -> list[str]:
    path = _DEFAULT_PATHS[name]
    if definition := target.kind.definition:
        for one in definition["spec"]["versions"]:
            if one["name"] == target.version:
                path = ((one.get("subresources") or {}).get("scale") or {}).get(name, path)
    return path.strip(".").split(".")


def _nested(path: list[str], value: Any) -> dict[str, Any]:
    return {path[0]: _nested(path[1:], value)} if len(path) > 1 else {path[0]: value}


def _read(obj: Any, path: list[str]) -> Any:
    for step in path:
        obj = obj.get(step) if isinstance(obj, dict) else None
    return obj


def _scale(obj: Manifest, target: Target) -> Manifest:
    metadata = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    spec = obj.get("spec") or {}
    selector = spec.get("selector")
    status: dict[str, Any] = {"replicas": _read(obj, _path(target, "statusReplicasPath")) or 0}
    if isinstance(selector, dict):
        status["selector"] = selector_text(
            selector if "matchLabels" in selector else {"matchLabels": selector}
        )
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"replicas": _read(obj, _path(target, "specReplicasPath")) or 0},
        "status": status,
    }


def selector_text(selector: dict[str, Any]) -> str:
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for rule in selector.get("matchExpressions") or ():
        key, values = rule["key"], ",".join(sorted(rule.get("values") or ()))
        parts.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[rule["operator"]]
        )
    return ",".join(parts)
