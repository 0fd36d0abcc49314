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
        for container in spec.get(part) or ():
            if isinstance(container, dict):
                yield container
