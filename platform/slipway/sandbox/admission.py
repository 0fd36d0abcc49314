"""What a server does to an object on its way in: namespaces checked, addresses given, accounts filled in."""

from __future__ import annotations

import ipaddress
from typing import Any

from slipway.sandbox.errors import Cause, forbidden, invalid, invalid_value, not_found
from slipway.sandbox.kinds import Kind
from slipway.sandbox.store import Manifest, Store

NAMESPACE = ("", "Namespace")
SERVICE = ("", "Service")
SERVICE_NETWORK = ipaddress.IPv4Network("10.96.0.0/16")
NODE_PORTS = range(30_000, 32_768)

# An object about these may still be written while its namespace goes away.
_ALLOWED_WHILE_TERMINATING = {"Event", "Lease"}


def check_namespace(store: Store, kind: Kind, namespace: str, name: str) -> None:
    """A create needs its namespace, and one that stays."""
    if not kind.namespaced:
        return
    found = store.get(NAMESPACE, "", namespace)
    if found is None:
        raise not_found("namespaces", "", namespace)
    if "deletionTimestamp" in found["metadata"] and kind.kind not in _ALLOWED_WHILE_TERMINATING:
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        cause = Cause(
            "NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace"
        )
        raise forbidden(kind.plural, kind.group, name, why, [cause])


def admit(obj: Manifest, kind: Kind, store: Store, *, uid: str, live: Manifest | None) -> Manifest:
    """Fills in, on a defaulted copy that may be changed; before validation."""
    if kind.key == SERVICE:
        _addresses(obj, store, live)
    elif kind.key == ("batch", "Job") and live is None:
        _job_labels(obj, uid)
    elif kind.key == ("", "Pod"):
        spec = obj.setdefault("spec", {})
        account = spec.setdefault("serviceAccountName", "default")
        spec.setdefault("serviceAccount", account)
        spec.setdefault("enableServiceLinks", True)
        spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
        spec.setdefault("priority", 0)
        if live is None:
            spec.setdefault("tolerations", [_tolerated("not-ready"), _tolerated("unreachable")])
            obj.setdefault("status", {})["qosClass"] = _quality(spec)
    elif kind.key == ("apps", "DaemonSet"):
        _template_generation(obj, live)
    elif kind.key == ("", "PersistentVolumeClaim") and live is None:
        _storage_class(obj, store)
    return obj


def _tolerated(condition: str) -> dict[str, Any]:
    key = f"node.kubernetes.io/{condition}"
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}


def _quality(spec: dict[str, Any]) -> str:
    resources = [container.get("resources") or {} for container in spec.get("containers") or ()]
    if not any(one.get("requests") or one.get("limits") for one in resources):
        return "BestEffort"
    for one in resources:
        limits, requests = one.get("limits") or {}, one.get("requests") or {}
        if any(name not in limits or requests.get(name) != limits[name] for name in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def _job_labels(obj: Manifest, uid: str) -> None:
    spec = obj.setdefault("spec", {})
    if spec.get("manualSelector"):
        return
    metadata = spec.setdefault("template", {}).setdefault("metadata", {})
    labels = metadata.setdefault("labels", {})
    name = obj["metadata"].get("name", "")
    labels.update({"controller-uid": uid, "job-name": name})
    labels.update({"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name})
    if not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(labels)
    spec.setdefault("selector", {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}})


def _template_generation(obj: Manifest, live: Manifest | None) -> None:
    """A mark from before ControllerRevisions that servers still keep."""
    mark = "deprecated.daemonset.template.generation"
    before = int((((live or {}).get("metadata") or {}).get("annotations") or {}).get(mark, "0"))
    template = (obj.get("spec") or {}).get("template")
    changed = live is None or template != (live.get("spec") or {}).get("template")
    obj["metadata"].setdefault("annotations", {})[mark] = str(before + changed)


def _storage_class(obj: Manifest, store: Store) -> None:
    spec = obj.setdefault("spec", {})
    if spec.get("storageClassName") is not None:
        return
    mark = "storageclass.kubernetes.io/is-default-class"
    for one in store.list(("storage.k8s.io", "StorageClass")):
        if (one["metadata"].get("annotations") or {}).get(mark) == "true":
            spec["storageClassName"] = one["metadata"]["name"]


def _addresses(obj: Manifest, store: Store, live: Manifest | None) -> None:
    spec = obj.setdefault("spec", {})
    before = (live or {}).get("spec") or {}
    if spec.get("type") == "ExternalName":
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            spec.pop(name, None)
        return
    if not spec.get("clusterIP"):
        spec["clusterIP"] = (
            before.get("clusterIP") or (spec.get("clusterIPs") or [""])[0] or _free_address(store)
        )
    elif not before and spec["clusterIP"] != "None":
        _claim_address(obj, str(spec["clusterIP"]), store)
    if not before or spec["clusterIP"] == before.get("clusterIP"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    spec.setdefault("ipFamilies", before.get("ipFamilies") or ["IPv4"])
    spec.setdefault("ipFamilyPolicy", before.get("ipFamilyPolicy") or "SingleStack")
    if spec.get("type") in ("NodePort", "LoadBalancer") and spec.get("allocateLoadBalancerNodePorts", True):
        _node_ports(spec, before, store)
    elif before.get("type") in ("NodePort", "LoadBalancer"):
        for name in ("externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts"):
            if spec.get("type") == "ClusterIP" and spec.get(name) == before.get(name):
                spec.pop(name, None)
        old = {port.get("nodePort") for port in before.get("ports") or ()}
        for port in spec.get("ports") or ():
            if port.get("nodePort") in old:
                port.pop("nodePort", None)


def _node_ports(spec: dict[str, Any], before: dict[str, Any], store: Store) -> None:
    kept = {
        (port.get("port"), port.get("protocol")): port.get("nodePort") for port in before.get("ports") or ()
    }
    taken = {
        port.get("nodePort")
        for one in store.list(SERVICE)
        for port in (one.get("spec") or {}).get("ports") or ()
    }
    for port in spec.get("ports") or ():
        if not port.get("nodePort"):
            known = kept.get((port.get("port"), port.get("protocol")))
            port["nodePort"] = known or next(number for number in NODE_PORTS if number not in taken)
        taken.add(port["nodePort"])


def _taken(store: Store) -> set[str]:
    return {str((one.get("spec") or {}).get("clusterIP")) for one in store.list(SERVICE)}


def _free_address(store: Store) -> str:
    taken = _taken(store)
    return next(text for number in range(10, 65_000) if (text := str(SERVICE_NETWORK[number])) not in taken)


def _claim_address(obj: Manifest, address: str, store: Store) -> None:
    problem = ""
    try:
        if ipaddress.ip_address(address) not in SERVICE_NETWORK:
            problem = (
                "failed to allocate IP "
                + address
                + ": the provided IP ("
                + address
                + ") is not in the valid range. "
                f"The range of valid IPs is {SERVICE_NETWORK}"
            )
        elif address in _taken(store):
            problem = f"failed to allocate IP {address}: provided IP is already allocated"
    except ValueError:
        problem = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
    if problem:
        cause = invalid_value("spec.clusterIPs", [address], problem)
        raise invalid("Service", "", str(obj["metadata"].get("name")), [cause])
