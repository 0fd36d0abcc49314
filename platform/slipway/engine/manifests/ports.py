"""`protocol: TCP` filled in where it is missing: servers before 1.21 answer 500 to a server-side apply without it."""

from __future__ import annotations

import copy
from typing import Any

from slipway.engine.manifests.podspecs import containers, pod_spec
from slipway.engine.objects import Manifest


def fill_protocols(manifest: Manifest) -> Manifest:
    """A copy; idempotent. Done once, when the release is rendered."""
    filled = copy.deepcopy(manifest)
    spec = filled.get("spec")
    if filled.get("kind") == "Service" and isinstance(spec, dict):
        _fill(spec.get("ports"))
    inner = pod_spec(filled)
    if inner is not None:
        for container in containers(inner):
            _fill(container.get("ports"))
    return filled


def _fill(ports: Any) -> None:
    for port in ports if isinstance(ports, list) else ():
        if isinstance(port, dict):
            port.setdefault("protocol", "TCP")
