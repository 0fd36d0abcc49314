"""Live objects as servers answer them, as short as they can be said."""

from __future__ import annotations

from typing import Any

from slipway.engine.health import ObjectHealth, assess
from slipway.engine.objects import Manifest, ObjectKey

GROUPS = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Ingress": "networking.k8s.io/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
}


def live(
    kind: str, name: str = "web", *, owner: Manifest | None = None, api: str = "", **parts: Any
) -> Manifest:
    metadata = {"name": name, "namespace": "shop", "uid": f"uid-{kind}-{name}", "generation": 2}
    if owner is not None:
        metadata["ownerReferences"] = [{"uid": owner["metadata"]["uid"], "controller": True}]
    metadata |= parts.pop("metadata", {})
    return {"apiVersion": api or GROUPS.get(kind, "v1"), "kind": kind, "metadata": metadata, **parts}


def deployment(wanted: int = 3, **status: Any) -> Manifest:
    return live("Deployment", spec={"replicas": wanted}, status={"observedGeneration": 2} | status)


def replica_set(owner: Manifest, revision: int) -> Manifest:
    annotations = {"deployment.kubernetes.io/revision": str(revision)}
    return live("ReplicaSet", f"web-{revision}", owner=owner, metadata={"annotations": annotations})


def pod(owner: Manifest | None, name: str = "web-1", **status: Any) -> Manifest:
    return live("Pod", name, owner=owner, status={"phase": "Running"} | status)


def container(name: str = "web", *, image: str = "web:9", restarts: int = 0, **parts: Any) -> dict[str, Any]:
    return {"name": name, "image": image, "restartCount": restarts, "ready": False, **parts}


def event(about: Manifest, reason: str, message: str, *, count: int = 1) -> Manifest:
    return {
        "kind": "Event",
        "involvedObject": {"uid": about["metadata"]["uid"]},
        "reason": reason,
        "message": message,
        "count": count,
    }


def look(root: Manifest, *others: Manifest, **settings: Any) -> ObjectHealth:
    """The verdict on `root`; the others are its pods, their owners and events."""
    events = [item for item in others if item["kind"] == "Event"]
    children = [item for item in others if item["kind"] != "Event"]
    return assess({ObjectKey.of(root): root}, children, events, **settings).objects[0]
