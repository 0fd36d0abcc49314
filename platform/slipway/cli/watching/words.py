"""An event as one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_MOST = 3  # of one event, in one line; `show` has them all


def event_line(kind: str, body: Mapping[str, Any]) -> str:
    """ "" for what is not worth a line."""
    words = _WORDS.get(kind)
    text = words(body) if words else str(body.get("sentence") or kind.replace("-", " "))
    return text.strip().rstrip(":")


def _observed(body: Mapping[str, Any]) -> str:
    """Objects; pods only where no object says it, since a rollout of ten moves hundreds of times."""
    parts = []
    for key, seen in body.get("objects", {}).items():
        kind, _, name = key.partition("/")
        sentence = str(seen.get("sentence") or seen.get("health"))
        parts.append(f"{kind.partition('.')[0]} {name.rpartition('/')[2]}: {sentence.rstrip('.')}")
    if len(parts) > _MOST:
        parts = [*parts[:_MOST], f"{len(parts) - _MOST} more"]
    ailing = [seen for seen in body.get("pods", {}).values() if seen.get("health") == "degraded"]
    parts += [f"Pod {seen['name']}: {str(seen['sentence']).rstrip('.')}" for seen in ailing]
    return " · ".join(parts)


def _said(words: str, comment: Any) -> str:
    return f"{words}: {comment}" if comment else words


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "observed": _observed,
    "phase": lambda body: f"{str(body.get('phase', '')).capitalize()}: {body.get('sentence', '')}",
    "requested": lambda body: _said(f"{body.get('by')} asked for it", body.get("why")),
    "planned": lambda body: f"Planned: {body.get('sentence', '')}",
    "plan-changed": lambda body: f"The plan changed: {body.get('sentence', '')}",
    "step-done": lambda body: f"{body.get('title', '')}: done",
    "approved": lambda body: _said(f"{body.get('by')} approved", body.get("comment")),
    "rejected": lambda body: _said(f"{body.get('by')} rejected", body.get("comment")),
    "cluster-silent": lambda body: f"The cluster does not answer: {body.get('sentence', '')}",
    "cluster-answers": lambda body: "The cluster answers again",
}
