"""Where each kind keeps its pod template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slipway.engine.objects import Manifest

_PATHS: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
WORKLOADS = frozenset(
    {"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Pod"}
)


def pod_spec(manifest: Manifest) -> dict[str, Any] | None:
    value: Any = manifest
    for name in _PATHS.get(str(manifest.get("kind")), ("\0",)):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None


def containers(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in ("initContainers", "containers", "ephemeralContainers"):
        found = spec.get(part)
        for container in found if isinstance(found, list) else ():
            if isinstance(container, dict):
                yield container


def references(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every place of a pod's spec that names a ConfigMap or Secret: (kind, holding mapping, its key)."""
    for container in containers(spec):
        for entry in _mappings(container.get("env")):
            source = _mapping(entry.get("valueFrom"))
            yield from _named(source.get("configMapKeyRef"), "ConfigMap", "name")
            yield from _named(source.get("secretKeyRef"), "Secret", "name")
        for entry in _mappings(container.get("envFrom")):
            yield from _named(entry.get("configMapRef"), "ConfigMap", "name")
            yield from _named(entry.get("secretRef"), "Secret", "name")
    for volume in _mappings(spec.get("volumes")):
        yield from _named(volume.get("configMap"), "ConfigMap", "name")
        yield from _named(volume.get("secret"), "Secret", "secretName")
        for source in _mappings(_mapping(volume.get("projected")).get("sources")):
            yield from _named(source.get("configMap"), "ConfigMap", "name")
            yield from _named(source.get("secret"), "Secret", "name")
    for entry in _mappings(spec.get("imagePullSecrets")):
        yield from _named(entry, "Secret", "name")


def _named(holder: Any, kind: str, key: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    if isinstance(holder, dict) and isinstance(holder.get(key), str):
        yield kind, holder, key


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
