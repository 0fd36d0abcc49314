"""The conditions of a status, and the few words about a pod that every controller needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slipway.sandbox.controllers.clock import Clock
from slipway.sandbox.store import Manifest


def find(conditions: Sequence[Manifest] | None, kind: str) -> Manifest | None:
    return next((entry for entry in conditions or () if entry.get("type") == kind), None)


def with_condition(
    conditions: Sequence[Manifest] | None,
    clock: Clock,
    kind: str,
    status: str,
    reason: str,
    message: str,
    *,
    updated: bool = False,
) -> list[Manifest]:
    """The same list where nothing changed. `updated` keeps a lastUpdateTime too, as Deployments do."""
    found = list(conditions or ())
    old = find(found, kind)
    if old and (old.get("status"), old.get("reason"), old.get("message")) == (status, reason, message):
        return found
    now = clock.stamp()
    entry: Manifest = {"type": kind, "status": status, "reason": reason, "message": message}
    if updated:
        entry["lastUpdateTime"] = now
    same = old is not None and old.get("status") == status
    entry["lastTransitionTime"] = old["lastTransitionTime"] if old is not None and same else now
    if old is None:
        return [*found, entry]
    return [entry if one is old else one for one in found]


def without_condition(conditions: Sequence[Manifest] | None, kind: str) -> list[Manifest]:
    return [entry for entry in conditions or () if entry.get("type") != kind]


def is_ready(pod: Manifest) -> bool:
    return (find((pod.get("status") or {}).get("conditions"), "Ready") or {}).get("status") == "True"


def is_active(pod: Manifest) -> bool:
    phase = (pod.get("status") or {}).get("phase")
    return phase not in ("Succeeded", "Failed") and "deletionTimestamp" not in pod["metadata"]


def is_available(pod: Manifest, min_ready_seconds: int, clock: Clock) -> bool:
    if not is_ready(pod):
        return False
    return min_ready_seconds <= 0 or seconds_until_available(pod, min_ready_seconds, clock) <= 0


def seconds_until_available(pod: Manifest, min_ready_seconds: int, clock: Clock) -> float:
    """Real seconds; meaningful for a ready pod."""
    ready = find((pod.get("status") or {}).get("conditions"), "Ready") or {}
    return clock.real(min_ready_seconds) - clock.since(ready.get("lastTransitionTime"))


def selects(selector: Mapping[str, object] | None, labels: Mapping[str, str] | None) -> bool:
    """A LabelSelector over labels. An empty selector selects everything, a missing one nothing."""
    if selector is None:
        return False
    given = labels or {}
    exact: Mapping[str, str] = selector.get("matchLabels") or {}  # type: ignore[assignment]  # JSON
    if any(given.get(key) != value for key, value in exact.items()):
        return False
    rules: Sequence[Manifest] = selector.get("matchExpressions") or ()  # type: ignore[assignment]  # JSON
    return all(_holds(rule, given) for rule in rules)


def _holds(rule: Manifest, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(rule["key"]), rule.get("values") or ()
    match rule["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None
