"""PodDisruptionBudgets: how many pods may be missing now."""

from __future__ import annotations

import math
from collections.abc import Iterable

from slipway.sandbox.controllers.conditions import is_ready, selects, with_condition
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.descent import controller_reference
from slipway.sandbox.store import GroupKind, Key, Manifest, Manifests, group_kind

BUDGET: GroupKind = ("policy", "PodDisruptionBudget")


class DisruptionBudgets:
    name = "disruption budgets"

    def __init__(self, control: Control) -> None:
        self._control = control

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        gk = group_kind(obj)
        namespace = obj["metadata"].get("namespace") or ""
        if gk == BUDGET:
            yield (namespace, obj["metadata"]["name"])
        elif gk == POD:
            for budget in self._control.store.list(BUDGET, namespace):
                if selects(budget["spec"].get("selector"), obj["metadata"].get("labels")):
                    yield (namespace, budget["metadata"]["name"])

    def reconcile(self, namespace: str, name: str) -> None:
        control = self._control
        budget = control.store.get(BUDGET, namespace, name)
        if budget is None:
            return
        selector = budget["spec"].get("selector")
        pods = [
            pod
            for pod in control.store.list(POD, namespace)
            if selects(selector, pod["metadata"].get("labels")) and "deletionTimestamp" not in pod["metadata"]
        ]
        expected = self._expected(pods)
        healthy = sum(1 for pod in pods if is_ready(pod))
        least = _least(budget["spec"], expected)
        allowed = max(0, healthy - least)
        words = ("True", "SufficientPods", "") if allowed else ("False", "InsufficientPods", "")
        status = {
            "observedGeneration": budget["metadata"].get("generation", 1),
            "currentHealthy": healthy,
            "desiredHealthy": least,
            "expectedPods": expected,
            "disruptionsAllowed": allowed,
            "conditions": with_condition(
                (budget.get("status") or {}).get("conditions"), control.clock, "DisruptionAllowed", *words
            ),
        }
        control.status(budget, status)

    def _expected(self, pods: Manifests) -> int:
        """What the owners want, not what is there."""
        total, seen = 0, set()
        for pod in pods:
            owner = controller_reference(pod)
            if owner is None:
                total += 1
            elif owner["uid"] not in seen:
                seen.add(owner["uid"])
                above = self._control.store.find(owner["uid"])
                total += int(((above or {}).get("spec") or {}).get("replicas", 1))
        return total


def _least(spec: Manifest, expected: int) -> int:
    if (least := spec.get("minAvailable")) is not None:
        return _count(least, expected)
    return max(0, expected - _count(spec.get("maxUnavailable", 0), expected))


def _count(value: int | str, of: int) -> int:
    return (
        math.ceil(int(value[:-1]) * of / 100)
        if isinstance(value, str) and value.endswith("%")
        else int(value)
    )
