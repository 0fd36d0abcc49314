"""Where a change leaves a workload with less than it had: memory, processor, copies, probes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.dashboard.differences.quantities import less_by
from apps.dashboard.differences.writing import steps
from slipway.engine.diff import FieldChange
from slipway.engine.plans import PlannedObject

_THINGS = {"memory": "memory", "cpu": "processor time", "ephemeral-storage": "temporary storage"}
_PROBES = {"readinessProbe": "readiness", "livenessProbe": "liveness", "startupProbe": "start-up"}


def weaker(item: PlannedObject) -> Iterator[tuple[bool, str]]:
    """(grave, sentence)"""
    name = item.key.name
    for change in item.changes:
        path = steps(change.path)
        leaf = path[-1] if path else ""
        if path == ["spec", "replicas"]:
            yield from _fewer(item.key.label, change)
        elif leaf in _THINGS and path[-3:-1] == ["resources", "limits"]:
            yield from _less(name, leaf, change.before, change.after)
        elif leaf == "limits" and path[-2:-1] == ["resources"]:
            yield from _limits(name, change)
        elif leaf in _PROBES and change.after is None:
            yield True, f"{name} loses its {_PROBES[leaf]} probe."
        elif path == ["spec", "strategy", "type"] and change.after == "Recreate":
            yield True, f"{name} stops all its pods before the new ones start."


def _fewer(label: str, change: FieldChange) -> Iterator[tuple[bool, str]]:
    before, after = change.before, change.after
    if not isinstance(before, int) or not isinstance(after, int) or after >= before:
        return
    if after == 0:
        yield True, f"{label} is scaled to 0: its {before} {'copy stops' if before == 1 else 'copies stop'}."
    else:
        yield False, f"{label} goes from {before} replicas to {after}."


def _less(name: str, thing: str, before: Any, after: Any) -> Iterator[tuple[bool, str]]:
    percent = less_by(before, after)
    if percent is not None:
        yield percent >= 25, f"{name} gets {percent} % less {_THINGS[thing]}: {before} → {after}."


def _limits(name: str, change: FieldChange) -> Iterator[tuple[bool, str]]:
    before = change.before if isinstance(change.before, dict) else {}
    after = change.after if isinstance(change.after, dict) else {}
    for thing in _THINGS:
        if thing in before and thing in after:
            yield from _less(name, thing, before[thing], after[thing])
