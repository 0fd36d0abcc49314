"""Endpoints and EndpointSlices of a Service: the ready pods that its selector finds."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from slipway.sandbox.controllers.conditions import is_ready
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.descent import reference_to
from slipway.sandbox.controllers.pods import random_suffix
from slipway.sandbox.store import GroupKind, Key, Manifest, Manifests, Missing, group_kind

SERVICE: GroupKind = ("", "Service")
ENDPOINTS: GroupKind = ("", "Endpoints")
SLICE: GroupKind = ("discovery.k8s.io", "EndpointSlice")
_NAME_LABEL = "kubernetes.io/service-name"
_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
_BY = "endpointslice-controller.k8s.io"


class ServiceEndpoints:
    name = "endpoints"

    def __init__(self, control: Control) -> None:
        self._control = control

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        gk = group_kind(obj)
        namespace = obj["metadata"].get("namespace") or ""
        if gk == SERVICE:
            yield (namespace, obj["metadata"]["name"])
        elif gk == POD:
            labels = (obj["metadata"].get("labels") or {}).items()
            for service in self._control.store.list(SERVICE, namespace):
                selector = (service.get("spec") or {}).get("selector")
                if selector and selector.items() <= labels:
                    yield (namespace, service["metadata"]["name"])

    def reconcile(self, namespace: str, name: str) -> None:
        service = self._control.store.get(SERVICE, namespace, name)
        if service is None:
            self._forget(namespace, name)
            return
        spec = service.get("spec") or {}
        if (
            not spec.get("selector")
            or spec.get("type") == "ExternalName"
            or "deletionTimestamp" in service["metadata"]
        ):
            return
        pods = [
            pod
            for pod in self._control.store.list(POD, namespace)
            if spec["selector"].items() <= (pod["metadata"].get("labels") or {}).items() and _has_address(pod)
        ]
        self._write(ENDPOINTS, self._endpoints(service, pods))
        self._write(SLICE, self._slice(service, pods))

    def _endpoints(self, service: Manifest, pods: Manifests) -> Manifest:
        ready = [pod for pod in pods if _serves(service, pod)]
        rest = [
            pod for pod in pods if not _serves(service, pod) and "deletionTimestamp" not in pod["metadata"]
        ]
        subset: Manifest = {}
        if ready:
            subset["addresses"] = [_address(pod) for pod in ready]
        if rest:
            subset["notReadyAddresses"] = [_address(pod) for pod in rest]
        if subset and (ports := _ports(service, (ready or rest)[0])):
            subset["ports"] = ports
        made: Manifest = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {
                "name": service["metadata"]["name"],
                "namespace": service["metadata"]["namespace"],
                "labels": {
                    **(service["metadata"].get("labels") or {}),
                    "endpoints.kubernetes.io/managed-by": "endpoint-controller",
                },
            },
        }
        if subset:
            made["subsets"] = [subset]
        return made

    def _slice(self, service: Manifest, pods: Manifests) -> Manifest:
        known = next(
            (
                one
                for one in self._control.descent.controlled(service, SLICE)
                if (one["metadata"].get("labels") or {}).get(_BY_LABEL) == _BY
            ),
            None,
        )
        name = known["metadata"]["name"] if known else f"{service['metadata']['name'][:57]}-{random_suffix()}"
        ports = _ports(service, pods[0]) if pods else []
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": name,
                "generateName": f"{service['metadata']['name']}-",
                "namespace": service["metadata"]["namespace"],
                "labels": {
                    **(service["metadata"].get("labels") or {}),
                    _NAME_LABEL: service["metadata"]["name"],
                    _BY_LABEL: _BY,
                },
                "ownerReferences": [reference_to(service)],
            },
            "addressType": "IPv4",
            "endpoints": [
                {
                    "addresses": [pod["status"]["podIP"]],
                    "conditions": {
                        "ready": _serves(service, pod),
                        "serving": is_ready(pod),
                        "terminating": "deletionTimestamp" in pod["metadata"],
                    },
                    "nodeName": pod["spec"].get("nodeName", ""),
                    "targetRef": _target(pod),
                }
                for pod in pods
            ],
            "ports": [{"name": "", **port} for port in ports],
        }

    def _write(self, gk: GroupKind, wanted: Manifest) -> None:
        metadata = wanted["metadata"]
        live = self._control.store.get(gk, metadata["namespace"], metadata["name"])
        if live is None:
            self._control.store.create(wanted)
            return

        def edit(fresh: Manifest) -> None:
            for key, value in wanted.items():
                if key != "metadata":
                    fresh[key] = deepcopy(value)
            if "subsets" not in wanted:
                fresh.pop("subsets", None)
            fresh["metadata"]["labels"] = dict(metadata["labels"])

        self._control.change(live, edit)

    def _forget(self, namespace: str, name: str) -> None:
        """The slice goes with its owner; Endpoints have none."""
        try:
            self._control.store.delete(ENDPOINTS, namespace, name)
        except Missing:
            return


def _has_address(pod: Manifest) -> bool:
    status = pod.get("status") or {}
    return bool(status.get("podIP")) and status.get("phase") not in ("Succeeded", "Failed")


def _serves(service: Manifest, pod: Manifest) -> bool:
    if (service.get("spec") or {}).get("publishNotReadyAddresses"):
        return True
    return is_ready(pod) and "deletionTimestamp" not in pod["metadata"]


def _address(pod: Manifest) -> Manifest:
    return {
        "ip": pod["status"]["podIP"],
        "nodeName": pod["spec"].get("nodeName", ""),
        "targetRef": _target(pod),
    }


def _target(pod: Manifest) -> Manifest:
    metadata = pod["metadata"]
    return {
        "kind": "Pod",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
    }


def _ports(service: Manifest, pod: Manifest) -> Manifests:
    found = []
    for port in (service.get("spec") or {}).get("ports") or ():
        target = port.get("targetPort", port["port"])
        number = target if isinstance(target, int) else _named(pod, target)
        if number is not None:
            entry = {"port": number, "protocol": port.get("protocol", "TCP")}
            found.append({"name": port["name"], **entry} if port.get("name") else entry)
    return found


def _named(pod: Manifest, name: str) -> int | None:
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            if port.get("name") == name:
                return int(port["containerPort"])
    return int(name) if name.isdigit() else None
