"""Places pods on nodes, or says in a real scheduler's words why none takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

from slipway.sandbox import quantities
from slipway.sandbox.controllers.conditions import with_condition
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.faults import is_unschedulable
from slipway.sandbox.store import GroupKind, Key, Manifest, Manifests, group_kind

NODE: GroupKind = ("", "Node")
BY = "default-scheduler"
_AGAIN_SIMULATED_SECONDS = 5.0
_SELECTOR = "node(s) didn't match Pod's node affinity/selector"


class Scheduler:
    name = "scheduler"

    def __init__(self, control: Control) -> None:
        self._control = control

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        if group_kind(obj) == POD and change != "DELETED" and not obj["spec"].get("nodeName"):
            yield (obj["metadata"]["namespace"], obj["metadata"]["name"])

    def reconcile(self, namespace: str, name: str) -> float | None:
        control = self._control
        pod = control.store.get(POD, namespace, name)
        if pod is None or pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
            return None
        node, why = self._choose(pod)
        if node is None:
            self._refuse(pod, why)
            return control.clock.real(_AGAIN_SIMULATED_SECONDS)

        def bind(fresh: Manifest) -> None:
            fresh["spec"]["nodeName"] = node
            status = fresh.setdefault("status", {})
            status["conditions"] = with_condition(
                status.get("conditions"), control.clock, "PodScheduled", "True", "", ""
            )
            for condition in status["conditions"]:
                if condition["type"] == "PodScheduled":
                    condition.pop("reason", None)
                    condition.pop("message", None)

        bound = control.change(pod, bind)
        if bound is not None:
            message = f"Successfully assigned {namespace}/{name} to {node}"
            control.events.normal(bound, "Scheduled", message, by=BY)
        return None

    def _choose(self, pod: Manifest) -> tuple[str | None, str]:
        nodes = self._control.store.list(NODE)
        if not nodes:
            return None, "no nodes available to schedule pods"
        if claim := self._unbound_claim(pod):
            return None, f"0/{len(nodes)} nodes are available: {claim}"
        placed: dict[str, Manifests] = {node["metadata"]["name"]: [] for node in nodes}
        for other in self._control.store.list(POD):
            node = other["spec"].get("nodeName")
            if node in placed and (other.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
                placed[node].append(other)
        refusals: Counter[str] = Counter()
        fitting: list[tuple[int, str]] = []
        for node in nodes:
            name = node["metadata"]["name"]
            reasons = self._refusals(pod, node, placed[name])
            refusals.update(reasons)
            if not reasons:
                fitting.append((len(placed[name]), name))
        if fitting:
            return min(fitting)[1], ""
        listed = ", ".join(f"{count} {reason}" for reason, count in sorted(refusals.items()))
        return None, f"0/{len(nodes)} nodes are available: {listed}."

    def _refusals(self, pod: Manifest, node: Manifest, others: Manifests) -> list[str]:
        if is_unschedulable(pod):
            return [_SELECTOR]
        if (node.get("spec") or {}).get("unschedulable"):
            return ["node(s) were unschedulable"]
        labels = node["metadata"].get("labels") or {}
        wanted = pod["spec"].get("nodeSelector") or {}
        if any(labels.get(key) != value for key, value in wanted.items()):
            return [_SELECTOR]
        if not _affine(pod, node):
            return [_SELECTOR]
        allocatable = (node.get("status") or {}).get("allocatable") or {}
        reasons = []
        if len(others) + 1 > int(allocatable.get("pods", 110)):
            reasons.append("Too many pods")
        needed = _requests(pod)
        taken = [_requests(other) for other in others]
        for resource, amount in needed.items():
            room = quantities.parse(str(allocatable.get(resource, "0"))) or Fraction(0)
            if amount and sum((one.get(resource, Fraction(0)) for one in taken), amount) > room:
                reasons.append(f"Insufficient {resource}")
        return reasons

    def _unbound_claim(self, pod: Manifest) -> str:
        for volume in pod["spec"].get("volumes") or ():
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if not name:
                continue
            claim = self._control.store.get(("", "PersistentVolumeClaim"), pod["metadata"]["namespace"], name)
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found.'
            if (claim.get("status") or {}).get("phase") != "Bound":
                return "pod has unbound immediate PersistentVolumeClaims."
        return ""

    def _refuse(self, pod: Manifest, why: str) -> None:
        control = self._control

        def edit(fresh: Manifest) -> None:
            status = fresh.setdefault("status", {})
            status["conditions"] = with_condition(
                status.get("conditions"), control.clock, "PodScheduled", "False", "Unschedulable", why
            )

        told = control.change(pod, edit)
        if told is not None and told != pod:  # the same refusal is not told at every try
            control.events.warning(told, "FailedScheduling", why, by=BY)


def _affine(pod: Manifest, node: Manifest) -> bool:
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    if not affinity:
        return True
    from slipway.sandbox.controllers.conditions import selects

    labels = node["metadata"].get("labels") or {}
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        selects({"matchExpressions": term.get("matchExpressions") or []}, labels)
        and selects({"matchExpressions": term.get("matchFields") or []}, fields)
        for term in affinity.get("nodeSelectorTerms") or ()
    )


def _requests(pod: Manifest) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for container in pod["spec"].get("containers") or ():
        resources = container.get("resources") or {}
        for name, amount in {**(resources.get("limits") or {}), **(resources.get("requests") or {})}.items():
            total[name] = total.get(name, Fraction(0)) + (quantities.parse(str(amount)) or 0)
    return total
