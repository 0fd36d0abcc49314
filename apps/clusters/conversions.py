"""Kubernetes' quantities and what nodes and pods say with them, in our numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

_UNITS = {
    "n": Decimal(10) ** -9,
    "u": Decimal(10) ** -6,
    "m": Decimal(10) ** -3,
    "": Decimal(1),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), start=1)},
    **{
        unit: Decimal(1024) ** power
        for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)
    },
}
_OVER = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Amount:
    """Of all nodes together, or of one."""

    cpu_millis: int = 0
    memory_bytes: int = 0
    pods: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.cpu_millis + other.cpu_millis,
            self.memory_bytes + other.memory_bytes,
            self.pods + other.pods,
        )


@dataclass(frozen=True, slots=True)
class NodeFacts:
    name: str
    ready: bool
    takes_pods: bool  # False: cordoned
    allocatable: Amount
    requested: Amount = Amount()


def quantity(text: Any) -> Decimal:
    """ "1500m", "3Gi", "1e3"; 0 for what is no quantity: a node is somebody else's object."""
    said = str(text).strip()
    number = said.rstrip("numkMGTPEi")
    unit = said[len(number) :]
    try:
        value = Decimal(number) * _UNITS[unit]
    except (InvalidOperation, KeyError):
        return Decimal(0)
    return value if value.is_finite() else Decimal(0)


def amount(resources: Mapping[str, Any]) -> Amount:
    return Amount(
        int(quantity(resources.get("cpu", 0)) * 1000),
        int(quantity(resources.get("memory", 0))),
        int(quantity(resources.get("pods", 0))),
    )


def node_facts(node: Mapping[str, Any]) -> NodeFacts:
    status = node.get("status") or {}
    conditions = {row.get("type"): row.get("status") for row in status.get("conditions") or ()}
    return NodeFacts(
        name=str(node["metadata"]["name"]),
        ready=conditions.get("Ready") == "True",
        takes_pods=not (node.get("spec") or {}).get("unschedulable", False),
        allocatable=amount(status.get("allocatable") or status.get("capacity") or {}),
    )


def requested_by(pod: Mapping[str, Any]) -> Amount:
    """As the scheduler counts: containers together, or the largest of those that run before them; the pod itself."""
    spec = pod.get("spec") or {}
    if (pod.get("status") or {}).get("phase") in _OVER:
        return Amount()
    together = _sum(_requests(container) for container in spec.get("containers") or ())
    before = [_requests(container) for container in spec.get("initContainers") or ()]
    overhead = amount(spec.get("overhead") or {})
    return Amount(
        max([together.cpu_millis, *(one.cpu_millis for one in before)]) + overhead.cpu_millis,
        max([together.memory_bytes, *(one.memory_bytes for one in before)]) + overhead.memory_bytes,
        1,
    )


def _requests(container: Mapping[str, Any]) -> Amount:
    return amount((container.get("resources") or {}).get("requests") or {})


def _sum(amounts: Iterable[Amount]) -> Amount:
    total = Amount()
    for one in amounts:
        total += one
    return total
