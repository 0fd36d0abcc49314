"""What a pod suffers from, in one sentence, and whether it can get better by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.engine.health.values import Health
from slipway.engine.objects import Manifest, is_terminating, uid_of

IMAGE_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
)
_NOT_FOUND = ("not found", "manifest unknown", "unauthorized", "denied", "no such image", "does not exist")
PULLS_REFUSED = 3
RESTARTS = 3
STARTING, NOT_READY = "starting", "running, not ready yet"
VAGUE = frozenset({STARTING, NOT_READY})  # what is said of a pod that no Event says more about


@dataclass(frozen=True, slots=True)
class PodState:
    health: Health
    sentence: str
    cannot_heal: bool = False
    restarts: int = 0


def pod_state(pod: Manifest, events: Sequence[Manifest]) -> PodState:
    status = pod.get("status") or {}
    phase = status.get("phase", "Pending")
    statuses = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    restarts = sum(int(entry.get("restartCount", 0)) for entry in statuses)
    if is_terminating(pod):
        return PodState(Health.PROGRESSING, "is shutting down", restarts=restarts)
    if phase == "Succeeded":
        return PodState(Health.HEALTHY, "completed", restarts=restarts)
    about = [event for event in events if (event.get("involvedObject") or {}).get("uid") == uid_of(pod)]
    for entry in statuses:
        if (trouble := _container_trouble(entry, about, restarts)) is not None:
            return trouble
    if phase == "Failed":
        return PodState(
            Health.DEGRADED, str(status.get("message") or status.get("reason") or "failed"), restarts=restarts
        )
    if reason := _unscheduled(status):
        return PodState(Health.PROGRESSING, f"cannot be scheduled: {reason}", restarts=restarts)
    if _condition(status, "Ready") == "True":
        return PodState(Health.HEALTHY, "ready", restarts=restarts)
    if status.get("reason") == "NodeLost" or _condition(status, "Ready") == "Unknown":
        return PodState(Health.UNKNOWN, "its node does not answer", restarts=restarts)
    probe = next((event for event in reversed(about) if event.get("reason") == "Unhealthy"), None)
    if probe is not None:
        return PodState(Health.PROGRESSING, _first_line(probe.get("message")), restarts=restarts)
    return PodState(Health.PROGRESSING, STARTING if phase == "Pending" else NOT_READY, restarts=restarts)


def _container_trouble(
    entry: Mapping[str, Any], events: Sequence[Manifest], restarts: int
) -> PodState | None:
    waiting = (entry.get("state") or {}).get("waiting") or {}
    reason = str(waiting.get("reason", ""))
    name, image = entry.get("name", ""), entry.get("image", "")
    if reason in IMAGE_REASONS:
        refused = [
            event
            for event in events
            if event.get("reason") == "Failed"
            and any(sign in str(event.get("message", "")).lower() for sign in _NOT_FOUND)
        ]
        told = max((int(event.get("count") or 1) for event in refused), default=0)
        hopeless = reason == "InvalidImageName" or told >= PULLS_REFUSED
        return PodState(
            Health.DEGRADED, f"{reason} in {name}: image {image} cannot be pulled", hopeless, restarts
        )
    if reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        return PodState(
            Health.DEGRADED, f"{reason} in {name}: {_first_line(waiting.get('message'))}", False, restarts
        )
    ended = (
        (entry.get("lastState") or {}).get("terminated") or (entry.get("state") or {}).get("terminated") or {}
    )
    crashed = ended and (int(ended.get("exitCode", 0)) != 0 or ended.get("reason") == "OOMKilled")
    if reason == "CrashLoopBackOff" or (crashed and not entry.get("ready")):
        why = (
            "out of memory"
            if ended.get("reason") == "OOMKilled"
            else f"exit code {ended.get('exitCode', '?')}"
        )
        count = int(entry.get("restartCount", 0))
        return PodState(
            Health.DEGRADED, f"{reason or 'crashed'} in {name}: {why}", count >= RESTARTS, restarts
        )
    return None


def _unscheduled(status: Mapping[str, Any]) -> str:
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "Unschedulable":
            return _first_line(condition.get("message"))
    return ""


def _condition(status: Mapping[str, Any], name: str) -> str:
    return next(
        (str(entry.get("status")) for entry in status.get("conditions") or () if entry.get("type") == name),
        "",
    )


def _first_line(text: Any) -> str:
    return str(text or "").strip().split("\n", 1)[0][:300]
