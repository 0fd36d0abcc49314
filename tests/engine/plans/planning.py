"""One prepared object, what stands live, and what a dry run said."""

from __future__ import annotations

from typing import Any

from slipway.engine.manifests import Layer, PreparedObject
from slipway.engine.objects import Manifest, ObjectKey
from slipway.engine.plans import DryRun, DryRunKind, PlannedObject, classify

MANAGER = "slipway-inst-t1"
KEY = ObjectKey("apps", "Deployment", "shop", "web")
OWNER = f"inst/t1/{KEY}"


def deployment(replicas: int | None = 3, *, image: str = "web:1", **metadata: Any) -> Manifest:
    spec: dict[str, Any] = {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}}
    if replicas is not None:
        spec["replicas"] = replicas
    annotations = {"slipway.dev/owner": OWNER}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "annotations": annotations} | metadata,
        "spec": spec,
    }


def live(replicas: int | None = 3, **changes: Any) -> Manifest:
    return deployment(replicas, **{"uid": "u1", "resourceVersion": "41"} | changes)


def fields(*paths: str) -> dict[str, Any]:
    """`fields("spec.replicas")` as managedFields write it."""
    found: dict[str, Any] = {}
    for path in paths:
        at = found
        for name in path.split("."):
            at = at.setdefault(f"f:{name}", {})
    return found


def managed(manager: str, *paths: str, operation: str = "Apply", subresource: str = "") -> dict[str, Any]:
    entry = {"manager": manager, "operation": operation, "fieldsV1": fields(*paths)}
    return entry | ({"subresource": subresource} if subresource else {})


def prepared(manifest: Manifest | None = None, **changes: Any) -> PreparedObject:
    manifest = manifest or deployment()
    return PreparedObject(ObjectKey.of(manifest), manifest, Layer.WORKLOADS, **changes)


def planned(
    standing: Manifest | None,
    run: DryRun,
    *,
    item: PreparedObject | None = None,
    ignore: tuple[str, ...] = (),
) -> PlannedObject:
    return classify(item or prepared(), standing, run, manager=MANAGER, owner=OWNER, ignore=ignore)


def answered(manifest: Manifest) -> DryRun:
    return DryRun(DryRunKind.ANSWERED, manifest)
