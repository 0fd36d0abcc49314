"""Replicas belong to an autoscaler where one names the workload.

Leaving the field out after having owned it resets it to 1, an outage; leaving it in resets it to the manifest's
number. So it is taken out of what is sent only once another manager co-owns the live value, and until then the
live value is sent back.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace

from slipway.engine.diff.owners import owners
from slipway.engine.manifests import PreparedObject
from slipway.engine.objects import Manifest, ObjectKey

_SCALERS = {"HorizontalPodAutoscaler": "autoscaling", "ScaledObject": "keda.sh"}


def autoscaled(manifests: Iterable[Manifest], namespace: str) -> frozenset[ObjectKey]:
    """The workloads that the given autoscalers name, in their own or the given namespace."""
    found = set()
    for manifest in manifests:
        key = ObjectKey.of(manifest)
        if _SCALERS.get(key.kind) != key.group:
            continue
        spec = manifest.get("spec")
        reference = spec.get("scaleTargetRef") if isinstance(spec, dict) else None
        if not isinstance(reference, dict):
            continue
        group = str(reference.get("apiVersion", "apps/v1")).rpartition("/")[0]
        kind = str(reference.get("kind") or "Deployment")
        found.add(ObjectKey(group, kind, key.namespace or namespace, str(reference.get("name", ""))))
    return frozenset(found)


def omit_replicas(prepared: PreparedObject, live: Manifest | None, manager: str) -> PreparedObject:
    """What is sent for an autoscaled workload."""
    spec = prepared.manifest.get("spec")
    if live is None or not isinstance(spec, dict):
        return prepared
    manifest = copy.deepcopy(prepared.manifest)
    shared = any(
        "spec.replicas" in entry.paths and (entry.manager != manager or entry.operation != "Apply")
        for entry in owners(live)
    )
    ours = any("spec.replicas" in entry.paths and entry.manager == manager for entry in owners(live))
    if shared or not ours:
        manifest["spec"].pop("replicas", None)
    elif (standing := (live.get("spec") or {}).get("replicas")) is not None:
        # Also where the release says nothing any more: leaving out what we alone own resets it to 1.
        manifest["spec"]["replicas"] = standing
    return replace(prepared, manifest=manifest, autoscaled=True)
