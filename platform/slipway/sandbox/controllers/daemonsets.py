"""DaemonSets: one pod on each node that fits, replaced a few at a time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy

from slipway.sandbox.controllers import histories
from slipway.sandbox.controllers.conditions import is_available, is_ready
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.descent import controller_reference
from slipway.sandbox.controllers.pods import Forbidden, claimed, make_pod
from slipway.sandbox.controllers.retries import Retries
from slipway.sandbox.store import GroupKind, Key, Manifest, Manifests, group_kind

DAEMON_SET: GroupKind = ("apps", "DaemonSet")
NODE: GroupKind = ("", "Node")
BY = "daemonset-controller"


class DaemonSets:
    name = "daemon sets"

    def __init__(self, control: Control) -> None:
        self._control = control
        self._retries = Retries(control.clock)

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        gk = group_kind(obj)
        namespace = obj["metadata"].get("namespace") or ""
        if gk == DAEMON_SET:
            yield (namespace, obj["metadata"]["name"])
        elif gk == NODE:
            for one in self._control.store.list(DAEMON_SET):
                yield (one["metadata"]["namespace"], one["metadata"]["name"])
        elif gk == POD:
            owner = controller_reference(obj)
            if owner is not None and owner["kind"] == "DaemonSet":
                yield (namespace, owner["name"])

    def reconcile(self, namespace: str, name: str) -> float | None:
        control = self._control
        owner = control.store.get(DAEMON_SET, namespace, name)
        if owner is None or "deletionTimestamp" in owner["metadata"]:
            return None
        revision = histories.present(control, owner)
        nodes = [node for node in control.store.list(NODE) if _fits(owner, node)]
        by_node = self._by_node(owner)
        again: float | None = None
        for node in nodes:
            if not by_node.get(node["metadata"]["name"]):
                try:
                    self._make(owner, node["metadata"]["name"], revision.hash)
                except Forbidden as refused:
                    control.events.warning(owner, "FailedCreate", f"Error creating: {refused}", by=BY)
                    again = self._retries.wait(owner)
                    break
        wanted = {node["metadata"]["name"] for node in nodes}
        for place, pods in by_node.items():
            surplus = pods[1:] if place in wanted else pods
            ended = [pod for pod in pods if (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded")]
            for pod in (*surplus, *ended):
                self._delete(owner, pod)
        self._replace(owner, nodes, revision.hash)
        self._tell(owner, nodes, revision.hash)
        return again

    def _by_node(self, owner: Manifest) -> dict[str, Manifests]:
        found: defaultdict[str, Manifests] = defaultdict(list)
        for pod in claimed(self._control, owner):
            found[pod["spec"].get("nodeName", "")].append(pod)
        return found

    def _make(self, owner: Manifest, node: str, digest: str) -> None:
        template = deepcopy(owner["spec"]["template"])
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels[histories.HASH] = digest
        # A real one goes by affinity through the scheduler; the outcome is the same.
        template["spec"]["nodeName"] = node
        pod = make_pod(self._control, owner, template)
        message = f"Created pod: {pod['metadata']['name']}"
        self._control.events.normal(owner, "SuccessfulCreate", message, by=BY)

    def _delete(self, owner: Manifest, pod: Manifest) -> None:
        if "deletionTimestamp" in pod["metadata"]:
            return
        self._control.remove(pod)
        message = f"Deleted pod: {pod['metadata']['name']}"
        self._control.events.normal(owner, "SuccessfulDelete", message, by=BY)

    def _replace(self, owner: Manifest, nodes: Manifests, digest: str) -> None:
        strategy = owner["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        pods = [pod for found in self._by_node(owner).values() for pod in found]
        bound = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1)
        if isinstance(bound, str):
            bound = math.ceil(int(bound.rstrip("%")) * len(nodes) / 100)
        serving = [pod for pod in pods if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]]
        room = int(bound) - (len(nodes) - len(serving))
        outdated = [
            pod for pod in pods if (pod["metadata"].get("labels") or {}).get(histories.HASH) != digest
        ]
        for pod in outdated:
            if not is_ready(pod):
                self._delete(owner, pod)  # costs no availability
            elif room > 0 and "deletionTimestamp" not in pod["metadata"]:
                self._delete(owner, pod)
                room -= 1

    def _tell(self, owner: Manifest, nodes: Manifests, digest: str) -> None:
        wanted = {node["metadata"]["name"] for node in nodes}
        pods = [
            pod
            for place, found in self._by_node(owner).items()
            for pod in found
            if place in wanted and "deletionTimestamp" not in pod["metadata"]
        ]
        least = int(owner["spec"].get("minReadySeconds", 0))
        available = sum(1 for pod in pods if is_available(pod, least, self._control.clock))
        updated = sum(
            1 for pod in pods if (pod["metadata"].get("labels") or {}).get(histories.HASH) == digest
        )
        status: Manifest = {
            "currentNumberScheduled": len(pods),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": len(nodes),
            "numberReady": sum(1 for pod in pods if is_ready(pod)),
            "observedGeneration": owner["metadata"].get("generation", 1),
        }
        counts = {
            "updatedNumberScheduled": updated,
            "numberAvailable": available,
            "numberUnavailable": len(nodes) - available,
        }
        status.update({name: count for name, count in counts.items() if count})
        self._control.status(owner, status)
        used = frozenset((pod["metadata"].get("labels") or {}).get(histories.HASH, "") for pod in pods)
        histories.forget_old(self._control, owner, used | {digest})


def _fits(owner: Manifest, node: Manifest) -> bool:
    labels = node["metadata"].get("labels") or {}
    selector = owner["spec"]["template"]["spec"].get("nodeSelector") or {}
    return all(labels.get(key) == value for key, value in selector.items())
