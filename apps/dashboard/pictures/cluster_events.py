"""Events as a cluster keeps them for an hour: those about a rollout's objects and pods, warnings first, each thing once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.dashboard.pictures.story import moment
from apps.dashboard.words import count
from apps.rollouts.models import Rollout
from slipway.engine.health.warnings import likeness
from slipway.engine.objects import Manifest, ObjectKey


@dataclass(frozen=True, slots=True)
class ClusterEventLine:
    id: str
    look: str
    reason: str
    message: str
    who: str
    times: str
    last: datetime | None


def lines_about(rollout: Rollout, events: Iterable[Manifest]) -> tuple[ClusterEventLine, ...]:
    known = _known(rollout.progress or {})
    names = sorted({name for _, name in known}, key=len, reverse=True)
    particular = re.compile("|".join(re.escape(name) for name in names) or r"(?!)")
    groups: dict[tuple[bool, str], list[Mapping[str, Any]]] = {}
    for event in events:
        about = event.get("involvedObject") or {}
        if (about.get("kind"), about.get("name")) not in known:
            continue
        # One ReplicaSet that made five pods has told one thing five times.
        like = likeness(str(event.get("reason", "")), particular.sub("…", str(event.get("message", ""))))
        groups.setdefault((event.get("type") != "Warning", like), []).append(event)
    ordered = sorted(groups.items(), key=lambda pair: max(_last(one) for one in pair[1]), reverse=True)
    ordered.sort(key=lambda pair: pair[0][0])
    return tuple(_line(*pair) for pair in ordered)


def _known(progress: Mapping[str, Any]) -> set[tuple[str, str]]:
    keys = [ObjectKey.parse(key) for key in progress.get("objects", {})]
    pods = progress.get("pods", {}).values()
    return {
        *((key.kind, key.name) for key in keys),
        *(("Pod", pod["name"]) for pod in pods),
        *((kind, pod["set"]) for pod in pods if pod["set"] for kind in ("ReplicaSet", "Job")),
    }


def _line(group: tuple[bool, str], members: list[Mapping[str, Any]]) -> ClusterEventLine:
    normal, like = group
    newest = max(members, key=_last)
    about = newest.get("involvedObject") or {}
    names = {(one.get("involvedObject") or {}).get("name") for one in members}
    total = sum(_count(one) for one in members)
    kind = str(about.get("kind", "object"))
    return ClusterEventLine(
        id="told-"
        + "".join(letter if letter.isalnum() else "-" for letter in f"{normal}-{like[:100]}").lower(),
        look="todo" if normal else "errored",
        reason=str(newest.get("reason", "")),
        message=" ".join(str(newest.get("message", "")).split())[:500],
        who=f"{kind} {about.get('name')}" if len(names) == 1 else f"{count(len(names), kind)}",
        times="" if total == 1 else f"{total} times",
        last=moment(_last(newest)),
    )


def _count(event: Mapping[str, Any]) -> int:
    return int((event.get("series") or {}).get("count") or event.get("count") or 1)


def _last(event: Mapping[str, Any]) -> str:
    series = event.get("series") or {}
    made = (event.get("metadata") or {}).get("creationTimestamp")
    return str(
        series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or made or ""
    )
