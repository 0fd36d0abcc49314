"""HorizontalPodAutoscalers. There is no load here: a metric is what an annotation declares.

`sandbox.slipway.dev/cpu-percent: "120"` on the autoscaler is the average utilisation that its pods pretend to have.
Without it the metric is unavailable, as in a cluster without a metrics server: only the bounds are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from copy import deepcopy

from slipway.sandbox import managed
from slipway.sandbox.controllers.conditions import with_condition
from slipway.sandbox.controllers.control import MANAGER, Control
from slipway.sandbox.schemas import definitions
from slipway.sandbox.store import GroupKind, Key, Manifest, group_kind

AUTOSCALER: GroupKind = ("autoscaling", "HorizontalPodAutoscaler")
METRIC = "sandbox.slipway.dev/cpu-percent"
BY = "horizontal-pod-autoscaler"
_EVERY_SIMULATED_SECONDS = 15.0
_TOLERANCE = 0.1
_DEFAULT_TARGET = 80


class Autoscalers:
    name = "autoscalers"

    def __init__(self, control: Control) -> None:
        self._control = control

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        gk = group_kind(obj)
        namespace = obj["metadata"].get("namespace") or ""
        if gk == AUTOSCALER:
            yield (namespace, obj["metadata"]["name"])
        elif gk[0] == "apps":
            for one in self._control.store.list(AUTOSCALER, namespace):
                target = one["spec"]["scaleTargetRef"]
                if (target["kind"], target["name"]) == (obj["kind"], obj["metadata"]["name"]):
                    yield (namespace, one["metadata"]["name"])

    def reconcile(self, namespace: str, name: str) -> float | None:
        control = self._control
        scaler = control.store.get(AUTOSCALER, namespace, name)
        if scaler is None or "deletionTimestamp" in scaler["metadata"]:
            return None
        reference = scaler["spec"]["scaleTargetRef"]
        group = reference.get("apiVersion", "apps/v1").rpartition("/")[0]
        target = control.store.get((group, reference["kind"]), namespace, reference["name"])
        status = deepcopy(scaler.get("status") or {})
        if target is None:
            kind = f"{reference['kind'].lower()}s.{group}".rstrip(".")
            lacks = f'{kind} "{reference["name"]}" not found'
            words = f"the HPA controller was unable to get the target's current scale: {lacks}"
            self._condition(status, "AbleToScale", "False", "FailedGetScale", words)
            control.status(scaler, status)
            return control.clock.real(_EVERY_SIMULATED_SECONDS)
        current = int(target["spec"].get("replicas", 1))
        self._condition(
            status,
            "AbleToScale",
            "True",
            "SucceededGetScale",
            "the HPA controller was able to get the target's current scale",
        )
        desired, why = self._desired(scaler, status, current)
        if desired != current:
            self._scale(target, desired)
            message = f"New size: {desired}; reason: {why}"
            control.events.normal(scaler, "SuccessfulRescale", message, by=BY)
            words = f"the HPA controller was able to update the target scale to {desired}"
            self._condition(status, "AbleToScale", "True", "SucceededRescale", words)
            status["lastScaleTime"] = control.clock.stamp()
        status.update(currentReplicas=current, desiredReplicas=desired)
        status["observedGeneration"] = scaler["metadata"].get("generation", 1)
        control.status(scaler, status)
        return control.clock.real(_EVERY_SIMULATED_SECONDS)

    def _desired(self, scaler: Manifest, status: Manifest, current: int) -> tuple[int, str]:
        spec = scaler["spec"]
        most, least = int(spec["maxReplicas"]), int(spec.get("minReplicas", 1))
        if current == 0:
            words = "scaling is disabled since the replica count of the target is zero"
            self._condition(status, "ScalingActive", "False", "ScalingDisabled", words)
            return 0, ""
        if current > most:
            return most, "Current number of replicas above Spec.MaxReplicas"
        if current < least:
            return least, "Current number of replicas below Spec.MinReplicas"
        declared = (scaler["metadata"].get("annotations") or {}).get(METRIC, "")
        if not declared.isdigit():
            words = "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics"
            self._condition(status, "ScalingActive", "False", "FailedGetResourceMetric", words)
            return current, ""
        target = _target_percent(spec)
        words = "the HPA was able to successfully calculate a replica count from cpu resource utilization"
        self._condition(status, "ScalingActive", "True", "ValidMetricFound", words)
        ratio = int(declared) / target
        wanted = current if abs(ratio - 1) <= _TOLERANCE else math.ceil(current * ratio)
        side = "above" if ratio > 1 else "below"
        return max(
            least, min(most, wanted)
        ), f"cpu resource utilization (percentage of request) {side} target"

    def _scale(self, target: Manifest, size: int) -> None:
        """Owned as a real autoscaler owns it: by the controller manager, through the scale subresource."""
        group, kind = group_kind(target)
        known = definitions().kind(group, target["apiVersion"].rpartition("/")[2], kind)
        fresh = deepcopy(target)
        fresh["spec"]["replicas"] = size
        if known is not None:
            who = managed.Manager(MANAGER, "Update", target["apiVersion"], "scale")
            fresh = managed.with_owners(fresh, managed.update(target, fresh, known, manager=who))
        self._control.store.put(fresh, expect_version=target["metadata"]["resourceVersion"])

    def _condition(self, status: Manifest, kind: str, value: str, reason: str, message: str) -> None:
        status["conditions"] = with_condition(
            status.get("conditions"), self._control.clock, kind, value, reason, message
        )


def _target_percent(spec: Manifest) -> int:
    for metric in spec.get("metrics") or ():
        resource = metric.get("resource") or {}
        if resource.get("name") == "cpu" and (
            percent := (resource.get("target") or {}).get("averageUtilization")
        ):
            return int(percent)
    return int(spec.get("targetCPUUtilizationPercentage") or _DEFAULT_TARGET)
