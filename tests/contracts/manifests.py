"""Small objects that say nothing newer than Kubernetes 1.20 understands."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from slipway.adapters.manifests.documents import yaml_documents
from slipway.engine.manifests.ports import fill_protocols
from slipway.engine.objects import Manifest

MANAGER = "slipway-tests-one"
OTHER = "slipway-tests-two"
IMAGE = "registry.local/web:v1"


def config_map(name: str = "settings", data: dict[str, str] | None = None, **metadata: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": {"colour": "blue"} if data is None else data,
    }


def pod_spec(image: str = IMAGE, **spec: Any) -> dict[str, Any]:
    container = {"name": "web", "image": image, **spec.pop("container", {})}
    return {"terminationGracePeriodSeconds": 1, "containers": [container], **spec}


def workload(kind: str, name: str = "web", image: str = IMAGE, **spec: Any) -> Manifest:
    """A Deployment, StatefulSet, DaemonSet or ReplicaSet with one container called web."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(image, **spec.pop("pod", {}))}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": template, **spec},
    }


def deployment(name: str = "web", image: str = IMAGE, *, replicas: int | None = 1, **spec: Any) -> Manifest:
    if replicas is not None:
        spec["replicas"] = replicas
    return workload("Deployment", name, image, **spec)


def service(name: str = "web", **spec: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "selector": {"app": name},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}],
            **spec,
        },
    }


def job(name: str = "migrate", image: str = "registry.local/busybox:1", **spec: Any) -> Manifest:
    pod = pod_spec(image, restartPolicy="Never", container={"command": ["true"]})
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": {"spec": pod}, **spec},
    }


def samples() -> Path:
    """SLIPWAY_SAMPLES, else the files beside a development checkout, else the project's own."""
    root = Path(__file__).resolve().parents[2]
    named = os.environ.get("SLIPWAY_SAMPLES", "")
    places = [Path(named)] if named else []
    places += [root.parent / "shared" / "manifests" / "online-boutique-k8s-1.20", root / "deploy" / "samples"]
    return next(place for place in places if place.is_dir() and any(place.rglob("*.yaml")))


def sample_releases() -> list[Path]:
    """Oldest first."""
    return sorted(
        samples().rglob("*.yaml"), key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)]
    )


def sample(file: Path) -> list[Manifest]:
    """All objects of one release, as they are sent: with `protocol` filled in."""
    return [fill_protocols(document) for document in yaml_documents(file.read_bytes(), filename=file.name)]
