"""Eviction: a delete that a PodDisruptionBudget may hold."""

from __future__ import annotations

from typing import Any

from slipway.sandbox.errors import ApiError, Cause, not_found
from slipway.sandbox.removing import Remover
from slipway.sandbox.requests import Options, Target
from slipway.sandbox.store import GroupKind, Manifest, Store
from slipway.sandbox.validation import selects

BUDGET: GroupKind = ("policy", "PodDisruptionBudget")


def evict(store: Store, remover: Remover, pod: Target, body: Any, options: Options) -> Manifest:
    live = store.get(pod.kind.key, pod.namespace, pod.name)
    if live is None:
        raise not_found(pod.kind.plural, pod.kind.group, pod.name)
    labels = live["metadata"].get("labels") or {}
    budgets = [
        budget
        for budget in store.list(BUDGET, pod.namespace)
        if selects((budget.get("spec") or {}).get("selector") or {}, labels)
    ]
    if len(budgets) > 1:
        raise ApiError(
            500,
            "InternalError",
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        )
    for budget in budgets:
        _take_one(store, budget, options)
    given = dict(body) if isinstance(body, dict) else {}
    remover.delete(pod, given.get("deleteOptions"), {}, options)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


def _take_one(store: Store, budget: Manifest, options: Options) -> None:
    status = budget.get("status") or {}
    allowed = int(status.get("disruptionsAllowed", 0))
    if allowed < 1:
        name = budget["metadata"]["name"]
        healthy, wanted = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
        why = f"The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently"
        raise ApiError(
            429,
            "TooManyRequests",
            "Cannot evict pod as it would violate the pod's disruption budget.",
            causes=[Cause("DisruptionBudget", why, "")],
        )
    if not options.dry_run:
        store.put({**budget, "status": {**status, "disruptionsAllowed": allowed - 1}})
