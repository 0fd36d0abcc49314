"""What `kubectl logs` shows of a pod in which nothing runs: what was simulated, and that it was."""

from __future__ import annotations

from slipway.sandbox.controllers.faults import Fault, behaviour
from slipway.sandbox.store import Manifest, Manifests, Store


class LogsUnavailable(Exception):
    """The message is a real server's; it answers 400 with it."""


def pod_logs(
    store: Store, namespace: str, name: str, *, container: str, tail_lines: int | None, previous: bool
) -> str:
    """The pod must exist; `container` "" means its only one. Raises LogsUnavailable."""
    pod = store.get(("", "Pod"), namespace, name)
    if pod is None:
        raise LookupError(f'pods "{name}" not found')
    chosen = _chosen(pod, container)
    status = pod.get("status") or {}
    known: Manifests = [
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ]
    entry = next((one for one in known if one["name"] == chosen["name"]), None)
    lines = _lines(pod, chosen, entry, previous=previous)
    if tail_lines is not None:
        lines = lines[-tail_lines:] if tail_lines > 0 else []
    return "".join(f"{line}\n" for line in lines)


def _chosen(pod: Manifest, container: str) -> Manifest:
    spec, name = pod["spec"], pod["metadata"]["name"]
    mains, inits = spec["containers"], spec.get("initContainers") or []
    if not container:
        if len(mains) == 1:
            only: Manifest = mains[0]
            return only
        listed = " ".join(one["name"] for one in mains)
        more = f" or one of the init containers: [{' '.join(one['name'] for one in inits)}]" if inits else ""
        raise LogsUnavailable(
            f"a container name must be specified for pod {name}, choose one of: [{listed}]{more}"
        )
    for one in (*mains, *inits):
        if one["name"] == container:
            found: Manifest = one
            return found
    raise LogsUnavailable(f"container {container} is not valid for pod {name}")


def _lines(pod: Manifest, container: Manifest, entry: Manifest | None, *, previous: bool) -> list[str]:
    name, pod_name = container["name"], pod["metadata"]["name"]
    state = (entry or {}).get("state") or {}
    last = ((entry or {}).get("lastState") or {}).get("terminated")
    if previous:
        if last is None:
            raise LogsUnavailable(f'previous terminated container "{name}" in pod "{pod_name}" not found')
        return _told(pod, container, last["startedAt"], ended=last)
    if running := state.get("running"):
        return _told(pod, container, running["startedAt"], ended=None)
    if terminated := state.get("terminated"):
        return _told(pod, container, terminated["startedAt"], ended=terminated)
    if last is not None:
        return _told(pod, container, last["startedAt"], ended=last)
    reason = (state.get("waiting") or {}).get("reason", "ContainerCreating")
    why = {
        "ErrImagePull": "image can't be pulled",
        "ImagePullBackOff": "trying and failing to pull image",
    }.get(reason, reason)
    raise LogsUnavailable(f'container "{name}" in pod "{pod_name}" is waiting to start: {why}')


def _told(pod: Manifest, container: Manifest, started: str, *, ended: Manifest | None) -> list[str]:
    image = container["image"]
    lines = [f"{started} sandbox: simulating {container['name']} of {image}; nothing really runs"]
    lines += [
        f"{started} sandbox: pretending to listen on {port['containerPort']}"
        for port in container.get("ports") or ()
    ]
    if behaviour(pod, image).fault is Fault.NEVER_READY:
        lines.append(f"{started} sandbox: declared never to get ready")
    if ended is not None and ended["exitCode"]:
        lines.append(
            f"{ended['finishedAt']} sandbox: a fault was declared: ending with exit code {ended['exitCode']}"
        )
    elif ended is not None:
        lines.append(f"{ended['finishedAt']} sandbox: done")
    return lines
