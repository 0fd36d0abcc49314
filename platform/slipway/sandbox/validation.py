"""What a server refuses although it is well formed: 422 with one cause per field.

Not everything that apimachinery checks: required fields of every type, names and labels, and what people meet in
the common kinds. `test_validation` holds it against recorded answers of a real server.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

from slipway.sandbox import names
from slipway.sandbox.errors import Cause, invalid_value, required, shown
from slipway.sandbox.kinds import Kind
from slipway.sandbox.schemas import Type
from slipway.sandbox.store import Manifest

Struct = dict[str, Any]
Check = Callable[[Manifest], Iterator[Cause]]

# Required by the schema but filled in, or checked with better words, elsewhere.
_CHECKED_ELSEWHERE = {"containers", "selector", "template", "metadata"}


def check(obj: Manifest, kind: Kind, object_type: Type) -> list[Cause]:
    metadata = obj["metadata"]
    causes = names.object_name(str(metadata["name"]), kind.group, kind.kind)
    causes += names.labels("metadata.labels", metadata.get("labels") or {})
    for key in metadata.get("annotations") or {}:
        causes += names.qualified("metadata.annotations", key.lower())
    causes += _required(obj, object_type, "")
    if rule := _CHECKS.get(kind.kind if "." not in kind.group or kind.group.endswith(".k8s.io") else ""):
        causes += rule(obj)
    return list(dict.fromkeys(causes))


def not_supported(field: str, value: Any, allowed: tuple[str, ...]) -> Cause:
    listed = ", ".join(f'"{one}"' for one in allowed)
    return Cause(
        "FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {listed}", field
    )


def _required(value: Any, kind: Type, path: str) -> Iterator[Cause]:
    if kind.shape == "struct" and isinstance(value, dict):
        for name in kind.required:
            if name not in _CHECKED_ELSEWHERE and value.get(name) in (None, ""):
                yield required(f"{path}.{name}" if path else name)
        for key, item in value.items():
            if isinstance(item, (dict, list)) and key not in ("metadata", "status"):
                child = kind.fields.get(key)
                if child is not None:
                    yield from _required(item, child, f"{path}.{key}" if path else key)
    elif kind.shape == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _required(item, kind.element, f"{path}[{index}]")
    elif kind.shape == "map" and isinstance(value, dict):
        for key, item in value.items():
            yield from _required(item, kind.element, f"{path}[{key}]")


def _count(spec: Struct, field: str, path: str = "spec") -> Iterator[Cause]:
    value = spec.get(field)
    if isinstance(value, int) and value < 0:
        yield invalid_value(f"{path}.{field}", value, "must be greater than or equal to 0")


def selects(selector: Struct, labels: Struct) -> bool:
    """Whether a LabelSelector takes these labels; an empty one takes everything."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for rule in selector.get("matchExpressions") or ():
        present, values = rule["key"] in labels, rule.get("values") or ()
        verdict = {
            "In": present and labels.get(rule["key"]) in values,
            "NotIn": not present or labels.get(rule["key"]) not in values,
            "Exists": present,
            "DoesNotExist": not present,
        }
        if not verdict.get(rule["operator"], False):
            return False
    return True


def _workload(restart: tuple[str, ...]) -> Check:
    def rule(obj: Manifest) -> Iterator[Cause]:
        spec = obj.get("spec") or {}
        yield from _count(spec, "replicas")
        yield from _count(spec, "revisionHistoryLimit")
        template = spec.get("template") or {}
        labels = (template.get("metadata") or {}).get("labels") or {}
        selector = spec.get("selector") or {}
        if not selector:
            yield required("spec.selector")
        elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
            yield invalid_value("spec.selector", selector, "empty selector is invalid for workload")
        if not selector or not selects(selector, labels):
            yield invalid_value(
                "spec.template.metadata.labels", labels, "`selector` does not match template `labels`"
            )
        yield from pod_template(template, "spec.template", restart)
        strategy = spec.get("strategy") or {}
        kind = strategy.get("type")
        if obj["kind"] == "Deployment":
            if kind not in ("Recreate", "RollingUpdate"):
                yield not_supported("spec.strategy.type", kind, ("Recreate", "RollingUpdate"))
            elif kind == "Recreate" and strategy.get("rollingUpdate"):
                yield Cause(
                    "FieldValueForbidden",
                    "Forbidden: may not be specified when strategy `type` is 'Recreate'",
                    "spec.strategy.rollingUpdate",
                )
            elif kind == "RollingUpdate":
                rolling = strategy.get("rollingUpdate") or {}
                if all(str(rolling.get(name)).strip("%") == "0" for name in ("maxSurge", "maxUnavailable")):
                    yield invalid_value(
                        "spec.strategy.rollingUpdate.maxUnavailable",
                        rolling.get("maxUnavailable"),
                        "may not be 0 when `maxSurge` is 0",
                    )
        way = spec.get("updateStrategy") or {}
        if obj["kind"] == "StatefulSet" and way.get("type") == "OnDelete" and way.get("rollingUpdate"):
            yield invalid_value(
                "spec.updateStrategy.rollingUpdate",
                way["rollingUpdate"],
                "only allowed for updateStrategy 'RollingUpdate'",
            )

    return rule


def pod_template(template: Struct, path: str, restart: tuple[str, ...]) -> Iterator[Cause]:
    yield from names.labels(f"{path}.labels", (template.get("metadata") or {}).get("labels") or {})
    spec = template.get("spec") or {}
    yield from pod_spec(spec, f"{path}.spec")
    policy = spec.get("restartPolicy")
    if policy not in restart:
        yield not_supported(f"{path}.spec.restartPolicy", policy, restart)


def pod_spec(spec: Struct, path: str) -> Iterator[Cause]:
    if not spec.get("containers"):
        yield required(f"{path}.containers")
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or ()):
            yield from _container(container, f"{path}.{field}[{index}]", volumes)


def _container(container: Struct, path: str, volumes: set[Any]) -> Iterator[Cause]:
    if container.get("name"):
        yield from names.label(f"{path}.name", str(container["name"]))
    if not container.get("image"):
        yield required(f"{path}.image")
    for index, port in enumerate(container.get("ports") or ()):
        yield from _port(port.get("containerPort"), f"{path}.ports[{index}].containerPort")
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        if mount.get("name") and mount["name"] not in volumes:
            yield Cause(
                "FieldValueNotFound",
                f"Not found: {shown(mount['name'])}",
                f"{path}.volumeMounts[{index}].name",
            )
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if (given := container.get(probe)) is not None:
            handlers = [name for name in ("exec", "httpGet", "tcpSocket", "grpc") if given.get(name)]
            if not handlers:
                yield required(f"{path}.{probe}", "must specify a handler type")


def _port(value: Any, field: str) -> Iterator[Cause]:
    if isinstance(value, int) and not 1 <= value <= 65535:
        yield invalid_value(field, value, "must be between 1 and 65535, inclusive")


_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


def _service(obj: Manifest) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    ports = spec.get("ports") or []
    kind = spec.get("type")
    if kind not in _SERVICE_TYPES:
        yield not_supported("spec.type", kind, _SERVICE_TYPES)
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    for index, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield required(f"spec.ports[{index}].name")
        if port.get("name"):
            yield from names.label(f"spec.ports[{index}].name", str(port["name"]))
        yield from _port(port.get("port"), f"spec.ports[{index}].port")
        yield from _port(port.get("targetPort"), f"spec.ports[{index}].targetPort")


def _job(obj: Manifest) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    for field in ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds"):
        yield from _count(spec, field)
    yield from _job_template(spec.get("template") or {}, "spec.template")


def _job_template(template: Struct, path: str) -> Iterator[Cause]:
    spec = template.get("spec") or {}
    yield from pod_spec(spec, f"{path}.spec")
    if spec.get("restartPolicy") not in ("OnFailure", "Never"):
        yield required(f"{path}.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def _cron_job(obj: Manifest) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    schedule = str(spec.get("schedule") or "")
    if schedule and not schedule.startswith("@") and len(schedule.split()) != 5:
        yield invalid_value(
            "spec.schedule",
            schedule,
            f"expected exactly 5 fields, found {len(schedule.split())}: [{schedule}]",
        )
    template = ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template") or {}
    yield from _job_template(template, "spec.jobTemplate.spec.template")


def _pod(obj: Manifest) -> Iterator[Cause]:
    yield from pod_spec(obj.get("spec") or {}, "spec")


def _keys(obj: Manifest) -> Iterator[Cause]:
    for field in ("data", "binaryData"):
        yield from names.config_keys(field, obj.get(field) or {})


_SECRET_KEYS = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def _secret(obj: Manifest) -> Iterator[Cause]:
    yield from _keys(obj)
    data = obj.get("data") or {}
    for key in _SECRET_KEYS.get(obj.get("type", ""), ()):
        if key not in data:
            yield required(f"data[{key}]")
        elif key.startswith(".docker"):
            try:
                json.loads(base64.b64decode(data[key]))
            except ValueError:
                # a server never repeats a Secret's value
                words = "invalid character looking for beginning of value"
                yield invalid_value(f"data[{key}]", "<secret contents redacted>", words)


def _autoscaler(obj: Manifest) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    low, high = spec.get("minReplicas"), spec.get("maxReplicas")
    if isinstance(high, int) and high < 1:
        yield invalid_value("spec.maxReplicas", high, "must be greater than 0")
    elif isinstance(low, int) and isinstance(high, int) and high < low:
        yield invalid_value("spec.maxReplicas", high, "must be greater than or equal to `minReplicas`")


def _budget(obj: Manifest) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        yield invalid_value("spec", spec, "minAvailable and maxUnavailable cannot be both set")


def _definition(obj: Manifest) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    wanted = f"{(spec.get('names') or {}).get('plural')}.{spec.get('group')}"
    if obj["metadata"]["name"] != wanted:
        yield invalid_value(
            "metadata.name", obj["metadata"]["name"], 'must be spec.names.plural+"."+spec.group'
        )
    versions = spec.get("versions") or ()
    if sum(bool(one.get("storage")) for one in versions) != 1:
        yield invalid_value("spec.versions", "", "must have exactly one version marked as storage version")
    for index, one in enumerate(versions):
        if not (one.get("schema") or {}).get("openAPIV3Schema"):
            yield required(f"spec.versions[{index}].schema.openAPIV3Schema", "schemas are required")


_ALWAYS = _workload(("Always",))
_CHECKS: dict[str, Check] = {
    "Deployment": _ALWAYS,
    "ReplicaSet": _ALWAYS,
    "StatefulSet": _ALWAYS,
    "DaemonSet": _ALWAYS,
    "Service": _service,
    "Job": _job,
    "CronJob": _cron_job,
    "Pod": _pod,
    "ConfigMap": _keys,
    "Secret": _secret,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _budget,
    "CustomResourceDefinition": _definition,
}
