"""Bundles as releases store them, and the target that they are prepared for."""

from __future__ import annotations

from typing import Any

from slipway.engine.manifests import Prepared, PreparedObject, TargetContext, prepare
from slipway.engine.objects import Manifest, ObjectKey

CLUSTER_WIDE = {"Namespace", "ClusterRole", "CustomResourceDefinition", "PersistentVolume"}
UNSERVED = {"Rocket"}
KEY = b"k" * 32


def namespaced(group: str, kind: str) -> bool | None:
    return None if kind in UNSERVED else kind not in CLUSTER_WIDE


def target(**changes: Any) -> TargetContext:
    return TargetContext(
        **{
            "installation": "inst",
            "target": "t1",
            "namespace": "shop",
            "namespaced": namespaced,
            "secret_key": KEY,
            "release_digest": "abc",
        }
        | changes
    )


def thing(
    kind: str, name: str = "web", *, api: str = "v1", metadata: dict[str, Any] | None = None, **rest: Any
):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name} | (metadata or {}), **rest}


def marked(kind: str, name: str = "web", *, api: str = "v1", **annotations: Any) -> Manifest:
    """`marked("Job", wave="3")` carries slipway.dev/wave."""
    return thing(
        kind,
        name,
        api=api,
        metadata={"annotations": {f"slipway.dev/{mark}": value for mark, value in annotations.items()}},
    )


def config(name: str = "conf", **data: str) -> Manifest:
    return thing("ConfigMap", name, data=data or {"mode": "fast"})


def secret(name: str = "login", **data: str) -> Manifest:
    return thing("Secret", name, data=data or {"password": "aHVudGVyMg=="})


def deployment(name: str = "web", *, image: str = "shop/web:1", **spec: Any) -> Manifest:
    pod = {"containers": [{"name": "web", "image": image}]} | spec
    return thing("Deployment", name, api="apps/v1", spec={"template": {"spec": pod}})


def job(name: str = "migrate", **annotations: Any) -> Manifest:
    made = marked("Job", name, api="batch/v1", **annotations)
    made["spec"] = {"template": {"spec": {"containers": [{"name": "run", "image": "shop/migrate:1"}]}}}
    return made


def ready(*documents: Manifest, **changes: Any) -> Prepared:
    prepared = prepare(documents, target(**changes))
    assert prepared.problems == (), prepared.problems
    return prepared


def problems(*documents: Manifest, **changes: Any) -> list[str]:
    return [str(problem) for problem in prepare(documents, target(**changes)).problems]


def named(prepared: Prepared, kind: str, name: str = "") -> PreparedObject:
    (found,) = [
        item for item in prepared.objects if item.key.kind == kind and (not name or item.key.name == name)
    ]
    return found


def key(kind: str, name: str, *, group: str = "", namespace: str = "shop") -> ObjectKey:
    return ObjectKey(group, kind, namespace, name)
