"""Kubernetes' own warnings about a target's objects, so far as they are worth keeping with a rollout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slipway.engine.objects import Manifest, uid_of

LONGEST_MESSAGE = 300
_PARTICULAR = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{12,}\b|\d+")


@dataclass(frozen=True, slots=True)
class ClusterWarning:
    uid: str  # of the Event: the same thing again raises its count
    kind: str
    name: str
    about_uid: str
    reason: str
    message: str
    count: int
    first: str  # RFC 3339, as the server wrote it
    last: str


def warnings_of(events: Iterable[Manifest]) -> tuple[ClusterWarning, ...]:
    """Oldest first."""
    found = [_warning(event) for event in events if event.get("type") == "Warning"]
    return tuple(sorted(found, key=lambda warning: (warning.last, warning.uid)))


def likeness(reason: str, message: str, name: str = "") -> str:
    """Equal for what is said of one pod after the other: without its name and whatever counts or identifies."""
    if name:
        message = message.replace(name, "…")
    return f"{reason}: {_PARTICULAR.sub('#', message)}"


def _warning(event: Mapping[str, Any]) -> ClusterWarning:
    about = event.get("involvedObject") or {}
    series = event.get("series") or {}
    made = (event.get("metadata") or {}).get("creationTimestamp") or ""
    first = str(event.get("firstTimestamp") or event.get("eventTime") or made)
    return ClusterWarning(
        uid=uid_of(event),
        kind=str(about.get("kind", "")),
        name=str(about.get("name", "")),
        about_uid=str(about.get("uid", "")),
        reason=str(event.get("reason", "")),
        message=" ".join(str(event.get("message", "")).split())[:LONGEST_MESSAGE],
        count=int(series.get("count") or event.get("count") or 1),
        first=first,
        last=str(series.get("lastObservedTime") or event.get("lastTimestamp") or first),
    )
