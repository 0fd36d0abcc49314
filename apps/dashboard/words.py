"""Events, durations and counts in plain words. The same words on the page and in what is pushed to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from slipway.engine.objects import ObjectKey

_MOST_TOLD = 2  # of one event, in one line
_BADNESS = {"degraded": 3, "missing": 2, "unknown": 1}


def count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def duration(passed: timedelta) -> str:
    """ "3 s", "2:14", "1 h 05"; what took no second is not said to have taken none."""
    seconds = max(0, int(passed.total_seconds()))
    if seconds < 1:
        return "< 1 s"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02} min"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02}"
    return count(seconds // 86400, "day")


def capital(text: str) -> str:
    """Its first letter alone: what follows may be a name."""
    return text[:1].upper() + text[1:]


def number_in(text: str | None, *, digits: int = 9) -> int | None:
    """As an address or a form says it; None for what is no number or has more digits than any number there."""
    return int(text) if text and text.isdecimal() and len(text) <= digits else None


def shortened(text: str, keep: int = 4) -> str:
    """A digest with its middle left out: 3f9a…c41e."""
    text = text.removeprefix("sha256:")
    return text if len(text) <= 2 * keep + 1 else f"{text[:keep]}…{text[-keep:]}"


def event_words(kind: str, body: Mapping[str, Any]) -> str:
    """One line of the rollout's story; "" for what is not worth one."""
    writer = _EVENTS.get(kind)
    if writer is not None:
        return writer(body)
    return str(body.get("sentence") or kind.replace("-", " "))


def event_look(kind: str, body: Mapping[str, Any]) -> str:
    """The colour's class of an event that is worth one."""
    if kind == "phase":
        return {"failed": "failed", "errored": "errored", "succeeded": "healthy"}.get(
            body.get("phase", ""), ""
        )
    if kind == "observed":
        objects, was = _worth_telling(body), body.get("turned", {})
        if any(seen["health"] == "degraded" for seen in objects.values()):
            return "failed"
        if "turned" not in body and any(seen["health"] == "degraded" for seen in body["pods"].values()):
            return "failed"
        better = objects and all(seen["health"] == "healthy" for seen in objects.values())
        return "healthy" if better and "degraded" in was.values() else ""
    return {"rejected": "failed", "cluster-silent": "errored", "abort": "errored"}.get(kind, "")


def _requested(body: Mapping[str, Any]) -> str:
    if undone := body.get("undoes"):
        return f"The way back of rollout {undone} began"
    verb = {"rollback": "asked to roll back", "re-apply": "asked to apply it again"}.get(
        body.get("kind", ""), "asked for it"
    )
    return _with_comment(f"{body.get('by')} {verb}", body.get("why"))


def _observed(body: Mapping[str, Any]) -> str:
    """Objects that turned, worst first. Their pods are not told beside them: the object says what its pods suffer from."""
    objects = _worth_telling(body)
    ordered = sorted(objects.items(), key=lambda pair: _BADNESS.get(pair[1]["health"], 0), reverse=True)
    parts = [f"{ObjectKey.parse(key).label}: {seen['sentence']}" for key, seen in ordered[:_MOST_TOLD]]
    rest = len(objects) - _MOST_TOLD
    if not objects and "turned" not in body:  # written before turns were told
        parts = [f"{seen['name']} {seen['sentence']}" for seen in list(body["pods"].values())[:_MOST_TOLD]]
        rest = len(body["pods"]) - _MOST_TOLD
        if not parts and body["gone_pods"]:
            return f"{count(len(body['gone_pods']), 'pod')} gone"
    if rest > 0:
        parts.append(f"{rest} more")
    return " · ".join(parts)


def _worth_telling(body: Mapping[str, Any]) -> Mapping[str, Any]:
    turned = body.get("turned")
    objects: Mapping[str, Any] = body["objects"]
    return objects if turned is None else {key: seen for key, seen in objects.items() if key in turned}


def _phase(body: Mapping[str, Any]) -> str:
    sentence = str(body.get("sentence") or "").rstrip(".")
    word = str(body.get("phase", "")).capitalize()
    return (
        sentence if sentence.lower().startswith(word.lower()) else f"{word}: {sentence}" if sentence else word
    )


def _with_comment(words: str, comment: Any) -> str:
    return f"{words}: “{comment}”" if comment else words


_EVENTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "requested": _requested,
    "observed": _observed,
    "phase": _phase,
    "planned": lambda body: f"Planned: {body.get('sentence')}",
    "step-done": lambda body: f"{body.get('title')}: done",
    "approved": lambda body: _with_comment(f"{body.get('by')} approved", body.get("comment")),
    "rejected": lambda body: _with_comment(f"{body.get('by')} rejected", body.get("comment")),
    "plan-changed": lambda body: f"The plan changed: {body.get('sentence')}",
    "cluster-silent": lambda body: f"The cluster does not answer: {body.get('sentence')}",
    "cluster-answers": lambda _: "The cluster answers again",
}
