"""One object seen through another version of its API."""

from __future__ import annotations

from typing import Any

from slipway.sandbox.kinds import Kind
from slipway.sandbox.store import Manifest


def shown_as(obj: Manifest, kind: Kind, version: str) -> Manifest:
    """The stored object in the asked-for version."""
    if obj["apiVersion"] == kind.api_version(version):
        return obj
    shown = {**obj, "apiVersion": kind.api_version(version)}
    if kind.kind == "HorizontalPodAutoscaler" and version == "v1":
        shown = _autoscaler_as_v1(shown)
    return shown


def stored_as(obj: Manifest, kind: Kind) -> Manifest:
    """An object of any served version as it is kept."""
    wanted = kind.api_version(kind.storage_version)
    if obj["apiVersion"] == wanted:
        return obj
    stored = {**obj, "apiVersion": wanted}
    if kind.kind == "HorizontalPodAutoscaler":
        stored = _autoscaler_as_v2(stored)
    return stored


def _cpu_target(metric: dict[str, Any]) -> int | None:
    resource = metric.get("resource") or {}
    if metric.get("type") == "Resource" and resource.get("name") == "cpu":
        return (resource.get("target") or {}).get("averageUtilization")
    return None


def _autoscaler_as_v1(obj: Manifest) -> Manifest:
    spec = {
        key: value for key, value in (obj.get("spec") or {}).items() if key not in ("metrics", "behavior")
    }
    for metric in (obj.get("spec") or {}).get("metrics") or ():
        if (target := _cpu_target(metric)) is not None:
            spec["targetCPUUtilizationPercentage"] = target
    shown = {**obj, "spec": spec}
    if status := obj.get("status"):
        shown["status"] = {
            key: value for key, value in status.items() if key not in ("currentMetrics", "conditions")
        }
        for metric in status.get("currentMetrics") or ():
            current = ((metric.get("resource") or {}).get("current") or {}).get("averageUtilization")
            if current is not None:
                shown["status"]["currentCPUUtilizationPercentage"] = current
    return shown


def _autoscaler_as_v2(obj: Manifest) -> Manifest:
    spec = dict(obj.get("spec") or {})
    target = spec.pop("targetCPUUtilizationPercentage", None)
    if target is not None:
        metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}}
        spec["metrics"] = [{"type": "Resource", "resource": metric}]
    stored = {**obj, "spec": spec}
    if status := obj.get("status"):
        stored["status"] = {
            key: value for key, value in status.items() if key != "currentCPUUtilizationPercentage"
        }
    return stored
