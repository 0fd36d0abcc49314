"""What stands in the cells of `kubectl get`'s tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from slipway.sandbox.scale import selector_text
from slipway.sandbox.store import Manifest

Cell = Callable[[Manifest], Any]
NONE = "<none>"
UNKNOWN = "<unknown>"


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
        return pair(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return pair(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return pair(days, "d", hours % 24, "h")
    return f"{days}d" if days < 730 else f"{days // 365}y"


def pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def number(path: str) -> Cell:
    return lambda obj: at(obj, path, 0)


def text(path: str, default: str = NONE) -> Cell:
    return lambda obj: str(at(obj, path, default))


def count(path: str) -> Cell:
    return lambda obj: len(at(obj, path, ()))


def joined(items: Any) -> str:
    return ",".join(str(item) for item in items if item is not None and item != "") or NONE


def ready_of(have: str, want: str) -> Cell:
    return lambda obj: f"{at(obj, have, 0)}/{at(obj, want, 0)}"


def containers(field: str, path: str = "spec.template.spec.containers") -> Cell:
    return lambda obj: joined(one.get(field) for one in at(obj, path, ()))


def selector(obj: Manifest) -> str:
    selector = at(obj, "spec.selector", {})
    plain = not ({"matchLabels", "matchExpressions"} & selector.keys())
    return selector_text({"matchLabels": selector} if plain else selector) or NONE


def pod_reason(pod: Manifest) -> str:
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


def pod_ready(pod: Manifest) -> str:
    ready = sum(bool(one.get("ready")) for one in at(pod, "status.containerStatuses", ()))
    return f"{ready}/{len(at(pod, 'spec.containers', ()))}"


def pod_restarts(pod: Manifest) -> str:
    return str(sum(int(one.get("restartCount", 0)) for one in at(pod, "status.containerStatuses", ())))


def ports(service: Manifest) -> str:
    return joined(
        f"{port.get('port')}{':' + str(port['nodePort']) if port.get('nodePort') else ''}/{port.get('protocol', 'TCP')}"
        for port in at(service, "spec.ports", ())
    )


def external(service: Manifest) -> str:
    kind = at(service, "spec.type", "ClusterIP")
    if kind == "ExternalName":
        return str(at(service, "spec.externalName", NONE))
    given = [one.get("ip") or one.get("hostname") for one in at(service, "status.loadBalancer.ingress", ())]
    given += at(service, "spec.externalIPs", [])
    if not given:
        return "<pending>" if kind == "LoadBalancer" else NONE
    return joined(given)


def endpoints(obj: Manifest) -> str:
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or ()
        for address in subset.get("addresses") or ()
        for port in subset.get("ports") or ()
    ]
    return joined(found[:3]) + (f" + {len(found) - 3} more..." if len(found) > 3 else "")


def job_status(job: Manifest) -> str:
    for condition in at(job, "status.conditions", ()):
        if condition.get("status") == "True" and condition.get("type") in ("Complete", "Failed", "Suspended"):
            return str(condition["type"])
    return "Running"


def job_completions(job: Manifest) -> str:
    wanted = at(job, "spec.completions")
    done = at(job, "status.succeeded", 0)
    return f"{done}/{wanted}" if wanted is not None else f"{done}/1 of {at(job, 'spec.parallelism', 1)}"


def job_duration(job: Manifest) -> str:
    begun, ended = at(job, "status.startTime"), at(job, "status.completionTime")
    if not begun:
        return ""
    if not ended:
        return since(begun)
    taken = datetime.fromisoformat(str(ended)) - datetime.fromisoformat(str(begun))
    return duration(int(taken.total_seconds()))


def node_status(node: Manifest) -> str:
    ready = any(
        one.get("type") == "Ready" and one.get("status") == "True"
        for one in at(node, "status.conditions", ())
    )
    text = "Ready" if ready else "NotReady"
    return f"{text},SchedulingDisabled" if at(node, "spec.unschedulable") else text


def autoscaled(obj: Manifest) -> str:
    return f"{at(obj, 'spec.scaleTargetRef.kind')}/{at(obj, 'spec.scaleTargetRef.name')}"


def targets(obj: Manifest) -> str:
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


def last_seen(event: Manifest) -> str:
    return since(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp"))


def about(event: Manifest) -> str:
    return f"{at(event, 'involvedObject.kind', '').lower()}/{at(event, 'involvedObject.name', '')}"


def hosts(ingress: Manifest) -> str:
    return joined(rule.get("host") or "*" for rule in at(ingress, "spec.rules", ())).replace(NONE, "*")


def role(obj: Manifest) -> str:
    return f"{at(obj, 'roleRef.kind')}/{at(obj, 'roleRef.name')}"


def bound_to(obj: Manifest) -> str:
    claim = at(obj, "spec.claimRef", {})
    return f"{claim.get('namespace')}/{claim.get('name')}" if claim else ""


MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def modes(obj: Manifest) -> str:
    return ",".join(MODES.get(mode, mode) for mode in at(obj, "spec.accessModes", ()))
