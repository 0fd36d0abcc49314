"""What may not change once an object is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from slipway.sandbox.errors import Cause, immutable, invalid_value
from slipway.sandbox.store import Manifest

Check = Callable[[Manifest, Manifest], Iterator[Cause]]


def check(new: Manifest, live: Manifest) -> list[Cause]:
    rule = _CHECKS.get(new["kind"])
    return list(rule(new, live)) if rule else []


def forbidden(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {why}", field)


def _spec(*fields: str) -> Check:
    def rule(new: Manifest, live: Manifest) -> Iterator[Cause]:
        now, before = new.get("spec") or {}, live.get("spec") or {}
        for field in fields:
            if now.get(field) != before.get(field):
                yield immutable(f"spec.{field}", now.get(field))

    return rule


_STATEFUL_SET_MAY = {
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
}


def _stateful_set(new: Manifest, live: Manifest) -> Iterator[Cause]:
    now, before = new.get("spec") or {}, live.get("spec") or {}
    if any(now.get(key) != before.get(key) for key in (now.keys() | before.keys()) - _STATEFUL_SET_MAY):
        yield forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
            "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        )


def _job(new: Manifest, live: Manifest) -> Iterator[Cause]:
    now, before = new.get("spec") or {}, live.get("spec") or {}
    if now.get("completions") != before.get("completions") and now.get("completionMode") != "Indexed":
        yield immutable("spec.completions", now.get("completions"))
    for field in ("selector", "template", "completionMode", "podFailurePolicy"):
        if now.get(field) == before.get(field):
            continue
        if field == "template" and before.get("suspend") and not (live.get("status") or {}).get("startTime"):
            continue  # scheduling directives of a suspended Job may still change
        yield immutable(f"spec.{field}", now.get(field))


def _service(new: Manifest, live: Manifest) -> Iterator[Cause]:
    now, before = new.get("spec") or {}, live.get("spec") or {}
    if before.get("type") == "ExternalName" or now.get("type") == "ExternalName":
        return
    if before.get("clusterIP") and now.get("clusterIP") != before["clusterIP"]:
        yield invalid_value("spec.clusterIPs[0]", [now.get("clusterIP")], "may not change once set")


def _claim(new: Manifest, live: Manifest) -> Iterator[Cause]:
    now, before = dict(new.get("spec") or {}), dict(live.get("spec") or {})
    if not before.get("volumeName"):
        now.pop("volumeName", None)
    bound = (live.get("status") or {}).get("phase") == "Bound"
    for spec in (now, before):
        spec.pop("volumeAttributesClassName", None)
        if bound:
            spec.pop("resources", None)
    if now != before:
        yield forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
        )


def _data(new: Manifest, live: Manifest) -> Iterator[Cause]:
    if new["kind"] == "Secret" and new.get("type") != live.get("type"):
        yield immutable("type", new.get("type"))
    if not live.get("immutable"):
        return
    if not new.get("immutable"):
        yield forbidden("immutable", "field is immutable when `immutable` is set")
    for field in ("data", "binaryData"):
        if new.get(field) != live.get(field):
            yield forbidden(field, "field is immutable when `immutable` is set")


_POD_MAY = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates")


def _pod(new: Manifest, live: Manifest) -> Iterator[Cause]:
    def fixed(pod: Manifest) -> dict[str, Any]:
        spec = {key: value for key, value in (pod.get("spec") or {}).items() if key not in _POD_MAY}
        for field in ("containers", "initContainers"):
            if field in spec:
                spec[field] = [
                    {key: value for key, value in one.items() if key not in ("image", "resources")}
                    for one in spec[field]
                ]
        return spec

    if fixed(new) != fixed(live):
        yield forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
            "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
            "previously negative)",
        )


def _role(new: Manifest, live: Manifest) -> Iterator[Cause]:
    if new.get("roleRef") != live.get("roleRef"):
        yield invalid_value("roleRef", new.get("roleRef"), "cannot change roleRef")


def _storage_class(new: Manifest, live: Manifest) -> Iterator[Cause]:
    for field in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
        if new.get(field) != live.get(field):
            yield forbidden(field, "updates to " + field + " are forbidden.")


def _definition(new: Manifest, live: Manifest) -> Iterator[Cause]:
    now, before = new["spec"], live["spec"]
    for field in ("group", "scope"):
        if now.get(field) != before.get(field):
            yield immutable(f"spec.{field}", now.get(field))
    if now["names"].get("kind") != before["names"].get("kind"):
        yield immutable("spec.names.kind", now["names"].get("kind"))


_CHECKS: dict[str, Check] = {
    "Deployment": _spec("selector"),
    "ReplicaSet": _spec("selector"),
    "DaemonSet": _spec("selector"),
    "StatefulSet": _stateful_set,
    "Job": _job,
    "Service": _service,
    "PersistentVolumeClaim": _claim,
    "ConfigMap": _data,
    "Secret": _data,
    "Pod": _pod,
    "RoleBinding": _role,
    "ClusterRoleBinding": _role,
    "StorageClass": _storage_class,
    "CustomResourceDefinition": _definition,
}
