"""ReplicaSets: as many pods as wanted, the least useful ones taken away first."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from slipway.sandbox.controllers.conditions import (
    find,
    is_active,
    is_available,
    is_ready,
    seconds_until_available,
    with_condition,
    without_condition,
)
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.descent import controller_reference
from slipway.sandbox.controllers.pods import Forbidden, claimed, make_pod
from slipway.sandbox.controllers.retries import Retries
from slipway.sandbox.store import GroupKind, Key, Manifest, Manifests, group_kind

REPLICA_SET: GroupKind = ("apps", "ReplicaSet")
BY = "replicaset-controller"


class ReplicaSets:
    name = "replica sets"

    def __init__(self, control: Control) -> None:
        self._control = control
        self._retries = Retries(control.clock)

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        gk = group_kind(obj)
        namespace = obj["metadata"].get("namespace") or ""
        if gk == REPLICA_SET:
            yield (namespace, obj["metadata"]["name"])
        elif gk == POD:
            owner = controller_reference(obj)
            if owner is None:  # a stray: whoever selects it may adopt it
                for one in self._control.store.list(REPLICA_SET, namespace):
                    yield (namespace, one["metadata"]["name"])
            elif owner["kind"] == "ReplicaSet":
                yield (namespace, owner["name"])

    def reconcile(self, namespace: str, name: str) -> float | None:
        control = self._control
        owner = control.store.get(REPLICA_SET, namespace, name)
        if owner is None:
            return None
        pods = [pod for pod in claimed(control, owner) if is_active(pod)]
        failure = ""
        again: float | None = None
        if "deletionTimestamp" not in owner["metadata"]:
            wanted = int(owner["spec"].get("replicas", 1))
            failure = self._grow(owner, wanted - len(pods)) if len(pods) < wanted else ""
            for pod in ranked(pods)[: max(0, len(pods) - wanted)]:
                control.remove(pod)
                control.events.normal(
                    owner, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}", by=BY
                )
            if failure:
                again = self._retries.wait(owner)
            else:
                self._retries.forget(owner)
        pods = [pod for pod in control.descent.controlled(owner, POD) if is_active(pod)]
        self._tell(owner, pods, failure)
        waiting = self._until_available(owner, pods)
        return min((one for one in (again, waiting) if one is not None), default=None)

    def _grow(self, owner: Manifest, missing: int) -> str:
        """The refusal that ended it early, or ""."""
        for _ in range(missing):
            try:
                pod = make_pod(self._control, owner, owner["spec"]["template"])
            except Forbidden as refused:
                self._control.events.warning(owner, "FailedCreate", f"Error creating: {refused}", by=BY)
                return str(refused)
            message = f"Created pod: {pod['metadata']['name']}"
            self._control.events.normal(owner, "SuccessfulCreate", message, by=BY)
        return ""

    def _tell(self, owner: Manifest, pods: Manifests, failure: str) -> None:
        clock = self._control.clock
        least = int(owner["spec"].get("minReadySeconds", 0))
        labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
        status: Manifest = {
            "replicas": len(pods),
            "observedGeneration": owner["metadata"].get("generation", 1),
        }
        counts = {
            "fullyLabeledReplicas": sum(
                1 for pod in pods if labels.items() <= (pod["metadata"].get("labels") or {}).items()
            ),
            "readyReplicas": sum(1 for pod in pods if is_ready(pod)),
            "availableReplicas": sum(1 for pod in pods if is_available(pod, least, clock)),
        }
        status.update({name: count for name, count in counts.items() if count})
        conditions = deepcopy((owner.get("status") or {}).get("conditions") or [])
        if failure:
            old = find(conditions, "ReplicaFailure")
            if old is None:  # kept as it was: the made-up pod name differs each time
                conditions = with_condition(
                    conditions, clock, "ReplicaFailure", "True", "FailedCreate", failure
                )
        else:
            conditions = without_condition(conditions, "ReplicaFailure")
        if conditions:
            status["conditions"] = conditions
        self._control.status(owner, status)

    def _until_available(self, owner: Manifest, pods: Manifests) -> float | None:
        least = int(owner["spec"].get("minReadySeconds", 0))
        if not least:
            return None
        waits = [seconds_until_available(pod, least, self._control.clock) for pod in pods if is_ready(pod)]
        return min((wait + 0.02 for wait in waits if wait > 0), default=None)


def ranked(pods: Manifests) -> Manifests:
    """The first ones are the least loss: not placed, pending, not ready, the youngest."""

    def worth(pod: Manifest) -> tuple[bool, bool, bool]:
        running = (pod.get("status") or {}).get("phase") == "Running"
        return (bool(pod["spec"].get("nodeName")), running, is_ready(pod))

    youngest_first = sorted(pods, key=lambda pod: pod["metadata"]["creationTimestamp"], reverse=True)
    return sorted(youngest_first, key=worth)
