"""How many pods a plan starts anew, where that can be known beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slipway.engine.objects import Manifest, ObjectKey
from slipway.engine.plans import PlannedObject, Verb

_COUNTED = frozenset({"Deployment", "StatefulSet", "ReplicaSet"})


@dataclass(frozen=True, slots=True)
class Pods:
    restart: int  # of workloads whose pod template changes
    start: int  # of workloads that are created
    unknown: int  # workloads whose number of pods is not known here: a DaemonSet, or one not applied before


def pods_that_start(objects: Iterable[PlannedObject], standing: Mapping[ObjectKey, Manifest]) -> Pods:
    restart = start = unknown = 0
    for item in objects:
        if item.key.kind not in _COUNTED | {"DaemonSet"} or item.key.group != "apps":
            continue
        if item.verb is Verb.CREATE:
            number = _replicas(item.changes[0].after if item.changes else None)
            start += number if item.key.kind in _COUNTED else 0
            unknown += item.key.kind == "DaemonSet"
        elif item.verb is Verb.REPLACE or (item.verb is Verb.CHANGE and _template_changes(item)):
            wanted = next((change.after for change in item.changes if change.path == "spec.replicas"), None)
            known = standing.get(item.key)
            if item.key.kind == "DaemonSet" or (known is None and not isinstance(wanted, int)):
                unknown += 1
            else:
                restart += wanted if isinstance(wanted, int) else _replicas(known)
    return Pods(restart, start, unknown)


def _template_changes(item: PlannedObject) -> bool:
    return any(change.path.startswith("spec.template") for change in item.changes)


def _replicas(manifest: Any) -> int:
    spec = manifest.get("spec") if isinstance(manifest, dict) else None
    number = spec.get("replicas") if isinstance(spec, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else 1
