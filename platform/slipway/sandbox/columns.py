"""The columns that `kubectl get` shows of each kind, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from slipway.sandbox.scale import selector_text
from slipway.sandbox.store import Manifest

Cell = Callable[[Manifest], Any]
NONE = "<none>"
UNKNOWN = "<unknown>"


class Column(NamedTuple):
    name: str
    cell: Cell
    wide: bool = False
    type: str = "string"


def at(obj: Any, path: str, default: Any = None) -> Any:
    for step in path.split("."):
        obj = obj.get(step) if isinstance(obj, dict) else None
    return default if obj is None else obj


def age(obj: Manifest) -> str:
    return since(obj["metadata"].get("creationTimestamp"))


def since(stamp: Any) -> str:
    """As kubectl's HumanDuration."""
    if not stamp:
        return UNKNOWN
    try:
        seconds = int((datetime.now(UTC) - datetime.fromisoformat(str(stamp))).total_seconds())
    except ValueError:
        return "<invalid>"
    return duration(max(seconds, 0))


def duration(seconds: int) -> str:
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _pair(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _pair(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _pair(days, "d", hours % 24, "h")
    return f"{days}d" if days < 730 else f"{days // 365}y"


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


NAME = Column("Name", lambda obj: obj["metadata"]["name"])
AGE = Column("Age", age)


def _number(path: str) -> Cell:
    return lambda obj: at(obj, path, 0)


def _text(path: str, default: str = NONE) -> Cell:
    return lambda obj: str(at(obj, path, default))


def _count(path: str) -> Cell:
    return lambda obj: len(at(obj, path, ()))


def _joined(items: Any) -> str:
    return ",".join(str(item) for item in items if item is not None and item != "") or NONE


def _ready_of(have: str, want: str) -> Cell:
    return lambda obj: f"{at(obj, have, 0)}/{at(obj, want, 0)}"


def _containers(field: str, path: str = "spec.template.spec.containers") -> Cell:
    return lambda obj: _joined(one.get(field) for one in at(obj, path, ()))


def _selector(obj: Manifest) -> str:
    selector = at(obj, "spec.selector", {})
    plain = not ({"matchLabels", "matchExpressions"} & selector.keys())
    return selector_text({"matchLabels": selector} if plain else selector) or NONE


_TEMPLATE = (
    Column("Containers", _containers("name"), wide=True),
    Column("Images", _containers("image"), wide=True),
    Column("Selector", _selector, wide=True),
)


def _pod_reason(pod: Manifest) -> str:
    status = pod.get("status") or {}
    reason = str(status.get("reason") or status.get("phase") or "Unknown")
    for index, one in enumerate(status.get("initContainerStatuses") or ()):
        state = one.get("state") or {}
        if (ended := state.get("terminated")) and ended.get("exitCode") == 0:
            continue
        waiting = at(state, "waiting.reason") or at(state, "terminated.reason")
        total = len(at(pod, "spec.initContainers", ()))
        return f"Init:{waiting}" if waiting and waiting != "PodInitializing" else f"Init:{index}/{total}"
    for one in reversed(status.get("containerStatuses") or ()):
        state = one.get("state") or {}
        found = at(state, "waiting.reason") or at(state, "terminated.reason")
        if found:
            reason = str(found)
        elif state.get("terminated"):
            reason = f"ExitCode:{at(state, 'terminated.exitCode', 0)}"
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def _pod_ready(pod: Manifest) -> str:
    ready = sum(bool(one.get("ready")) for one in at(pod, "status.containerStatuses", ()))
    return f"{ready}/{len(at(pod, 'spec.containers', ()))}"


def _pod_restarts(pod: Manifest) -> str:
    return str(sum(int(one.get("restartCount", 0)) for one in at(pod, "status.containerStatuses", ())))


def _ports(service: Manifest) -> str:
    return _joined(
        f"{port.get('port')}{':' + str(port['nodePort']) if port.get('nodePort') else ''}/{port.get('protocol', 'TCP')}"
        for port in at(service, "spec.ports", ())
    )


def _external(service: Manifest) -> str:
    kind = at(service, "spec.type", "ClusterIP")
    if kind == "ExternalName":
        return str(at(service, "spec.externalName", NONE))
    given = [one.get("ip") or one.get("hostname") for one in at(service, "status.loadBalancer.ingress", ())]
    given += at(service, "spec.externalIPs", [])
    if not given:
        return "<pending>" if kind == "LoadBalancer" else NONE
    return _joined(given)


def _endpoints(obj: Manifest) -> str:
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or ()
        for address in subset.get("addresses") or ()
        for port in subset.get("ports") or ()
    ]
    return _joined(found[:3]) + (f" + {len(found) - 3} more..." if len(found) > 3 else "")


def _job_status(job: Manifest) -> str:
    for condition in at(job, "status.conditions", ()):
        if condition.get("status") == "True" and condition.get("type") in ("Complete", "Failed", "Suspended"):
            return str(condition["type"])
    return "Running"


def _job_completions(job: Manifest) -> str:
    wanted = at(job, "spec.completions")
    done = at(job, "status.succeeded", 0)
    return f"{done}/{wanted}" if wanted is not None else f"{done}/1 of {at(job, 'spec.parallelism', 1)}"


def _job_duration(job: Manifest) -> str:
    begun, ended = at(job, "status.startTime"), at(job, "status.completionTime")
    if not begun:
        return ""
    if not ended:
        return since(begun)
    taken = datetime.fromisoformat(str(ended)) - datetime.fromisoformat(str(begun))
    return duration(int(taken.total_seconds()))


def _node_status(node: Manifest) -> str:
    ready = any(
        one.get("type") == "Ready" and one.get("status") == "True"
        for one in at(node, "status.conditions", ())
    )
    text = "Ready" if ready else "NotReady"
    return f"{text},SchedulingDisabled" if at(node, "spec.unschedulable") else text


def _autoscaled(obj: Manifest) -> str:
    return f"{at(obj, 'spec.scaleTargetRef.kind')}/{at(obj, 'spec.scaleTargetRef.name')}"


def _targets(obj: Manifest) -> str:
    wanted, now = at(obj, "spec.metrics", ()), at(obj, "status.currentMetrics", ())
    shown = []
    for index, metric in enumerate(wanted):
        name = at(metric, "resource.name", "")
        current = at(now[index], "resource.current.averageUtilization") if index < len(now) else None
        left = UNKNOWN if current is None else f"{current}%"
        shown.append(f"{name}: {left}/{at(metric, 'resource.target.averageUtilization', '<auto>')}%")
    target = at(obj, "spec.targetCPUUtilizationPercentage")
    if target is not None:
        current = at(obj, "status.currentCPUUtilizationPercentage")
        shown.append(f"cpu: {UNKNOWN if current is None else f'{current}%'}/{target}%")
    return ", ".join(shown) or NONE


def _last_seen(event: Manifest) -> str:
    return since(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp"))


def _about(event: Manifest) -> str:
    return f"{at(event, 'involvedObject.kind', '').lower()}/{at(event, 'involvedObject.name', '')}"


def _hosts(ingress: Manifest) -> str:
    return _joined(rule.get("host") or "*" for rule in at(ingress, "spec.rules", ())).replace(NONE, "*")


def _role(obj: Manifest) -> str:
    return f"{at(obj, 'roleRef.kind')}/{at(obj, 'roleRef.name')}"


def _bound_to(obj: Manifest) -> str:
    claim = at(obj, "spec.claimRef", {})
    return f"{claim.get('namespace')}/{claim.get('name')}" if claim else ""


_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _modes(obj: Manifest) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in at(obj, "spec.accessModes", ()))


_WORKLOAD_NUMBERS = (
    Column("Desired", _number("spec.replicas"), type="integer"),
    Column("Current", _number("status.replicas"), type="integer"),
    Column("Ready", _number("status.readyReplicas"), type="integer"),
)

COLUMNS: dict[str, tuple[Column, ...]] = {
    "Pod": (
        NAME,
        Column("Ready", _pod_ready),
        Column("Status", _pod_reason),
        Column("Restarts", _pod_restarts),
        AGE,
        Column("IP", _text("status.podIP"), wide=True),
        Column("Node", _text("spec.nodeName"), wide=True),
        Column("Nominated Node", _text("status.nominatedNodeName"), wide=True),
        Column("Readiness Gates", lambda _: NONE, wide=True),
    ),
    "Deployment": (
        NAME,
        Column("Ready", _ready_of("status.readyReplicas", "spec.replicas")),
        Column("Up-to-date", _number("status.updatedReplicas"), type="integer"),
        Column("Available", _number("status.availableReplicas"), type="integer"),
        AGE,
        *_TEMPLATE,
    ),
    "ReplicaSet": (NAME, *_WORKLOAD_NUMBERS, AGE, *_TEMPLATE),
    "ReplicationController": (NAME, *_WORKLOAD_NUMBERS, AGE, *_TEMPLATE),
    "StatefulSet": (
        NAME,
        Column("Ready", _ready_of("status.readyReplicas", "spec.replicas")),
        AGE,
        *_TEMPLATE[:2],
    ),
    "DaemonSet": (
        NAME,
        Column("Desired", _number("status.desiredNumberScheduled"), type="integer"),
        Column("Current", _number("status.currentNumberScheduled"), type="integer"),
        Column("Ready", _number("status.numberReady"), type="integer"),
        Column("Up-to-date", _number("status.updatedNumberScheduled"), type="integer"),
        Column("Available", _number("status.numberAvailable"), type="integer"),
        Column("Node Selector", lambda obj: _joined(at(obj, "spec.template.spec.nodeSelector", {}))),
        AGE,
        *_TEMPLATE,
    ),
    "Job": (
        NAME,
        Column("Status", _job_status),
        Column("Completions", _job_completions),
        Column("Duration", _job_duration),
        AGE,
        *_TEMPLATE,
    ),
    "CronJob": (
        NAME,
        Column("Schedule", _text("spec.schedule")),
        Column("Timezone", _text("spec.timeZone")),
        Column("Suspend", lambda obj: str(bool(at(obj, "spec.suspend")))),
        Column("Active", _count("status.active"), type="integer"),
        Column(
            "Last Schedule",
            lambda obj: since(last) if (last := at(obj, "status.lastScheduleTime")) else NONE,
        ),
        AGE,
    ),
    "Service": (
        NAME,
        Column("Type", _text("spec.type")),
        Column("Cluster-IP", _text("spec.clusterIP")),
        Column("External-IP", _external),
        Column("Port(s)", _ports),
        AGE,
        Column("Selector", _selector, wide=True),
    ),
    "Endpoints": (NAME, Column("Endpoints", _endpoints), AGE),
    "EndpointSlice": (
        NAME,
        Column("AddressType", _text("addressType")),
        Column("Ports", lambda obj: _joined(port.get("port") for port in obj.get("ports") or ())),
        Column(
            "Endpoints",
            lambda obj: _joined(
                ip for one in obj.get("endpoints") or () for ip in one.get("addresses") or ()
            ),
        ),
        AGE,
    ),
    "Namespace": (NAME, Column("Status", _text("status.phase")), AGE),
    "Node": (
        NAME,
        Column("Status", _node_status),
        Column("Roles", lambda _: NONE),
        AGE,
        Column("Version", _text("status.nodeInfo.kubeletVersion")),
    ),
    "ConfigMap": (
        NAME,
        Column(
            "Data", lambda obj: len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), type="integer"
        ),
        AGE,
    ),
    "Secret": (NAME, Column("Type", _text("type")), Column("Data", _count("data"), type="integer"), AGE),
    "ServiceAccount": (NAME, AGE),
    "PersistentVolumeClaim": (
        NAME,
        Column("Status", _text("status.phase")),
        Column("Volume", _text("spec.volumeName", "")),
        Column("Capacity", _text("status.capacity.storage", "")),
        Column("Access Modes", _modes),
        Column("StorageClass", _text("spec.storageClassName", "")),
        AGE,
    ),
    "PersistentVolume": (
        NAME,
        Column("Capacity", _text("spec.capacity.storage", "")),
        Column("Access Modes", _modes),
        Column("Reclaim Policy", _text("spec.persistentVolumeReclaimPolicy", "")),
        Column("Status", _text("status.phase")),
        Column("Claim", _bound_to),
        Column("StorageClass", _text("spec.storageClassName", "")),
        AGE,
    ),
    "StorageClass": (
        NAME,
        Column("Provisioner", _text("provisioner")),
        Column("ReclaimPolicy", _text("reclaimPolicy")),
        Column("VolumeBindingMode", _text("volumeBindingMode")),
        AGE,
    ),
    "Ingress": (
        NAME,
        Column("Class", _text("spec.ingressClassName")),
        Column("Hosts", _hosts),
        Column(
            "Address",
            lambda obj: _joined(
                one.get("ip") or one.get("hostname") for one in at(obj, "status.loadBalancer.ingress", ())
            ).replace(NONE, ""),
        ),
        Column("Ports", lambda obj: "80, 443" if at(obj, "spec.tls") else "80"),
        AGE,
    ),
    "HorizontalPodAutoscaler": (
        NAME,
        Column("Reference", _autoscaled),
        Column("Targets", _targets),
        Column("MinPods", _number("spec.minReplicas")),
        Column("MaxPods", _number("spec.maxReplicas"), type="integer"),
        Column("Replicas", _number("status.currentReplicas"), type="integer"),
        AGE,
    ),
    "PodDisruptionBudget": (
        NAME,
        Column("Min Available", _text("spec.minAvailable", "N/A")),
        Column("Max Unavailable", _text("spec.maxUnavailable", "N/A")),
        Column("Allowed Disruptions", _number("status.disruptionsAllowed"), type="integer"),
        AGE,
    ),
    "NetworkPolicy": (
        NAME,
        Column("Pod-Selector", lambda obj: selector_text(at(obj, "spec.podSelector", {})) or NONE),
        AGE,
    ),
    "Event": (
        Column("Last Seen", _last_seen),
        Column("Type", lambda obj: obj.get("type", "")),
        Column("Reason", lambda obj: obj.get("reason", "")),
        Column("Object", _about),
        Column("Message", lambda obj: str(obj.get("message", "")).strip()),
    ),
    "RoleBinding": (NAME, Column("Role", _role), AGE),
    "ClusterRoleBinding": (NAME, Column("Role", _role), AGE),
    "Lease": (NAME, Column("Holder", _text("spec.holderIdentity", "")), AGE),
    "CustomResourceDefinition": (
        NAME,
        Column("Created At", lambda obj: obj["metadata"].get("creationTimestamp", "")),
    ),
}
