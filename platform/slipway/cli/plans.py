"""A plan as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_SIGNS = {"create": "+", "change": "~", "replace": "!", "prune": "-", "keep": "=", "refuse": "x"}


def plan_lines(plan: Mapping[str, Any]) -> list[str]:
    return list(_lines(plan))


def _lines(plan: Mapping[str, Any]) -> Iterator[str]:
    yield str(plan["sentence"])
    yield f"On failure: {plan['way_back']}" if plan["way_back"] else "On failure: stop and call a person"
    for problem in plan["problems"]:
        yield f"Problem: {problem}"
    for planned in plan["objects"]:
        yield from _object(planned)
    for note in plan["notes"]:
        yield f"Note: {note}"
    yield f"Plan {plan['digest']}"


def _object(planned: Mapping[str, Any]) -> Iterator[str]:
    unchecked = "" if planned["checked"] else " (not checked by the server yet)"
    yield f"{_SIGNS.get(planned['verb'], '?')} {planned['key']}{unchecked}"
    if planned["refusal"]:
        yield f"    {planned['refusal']}"
    if planned["verb"] != "create":
        for change in planned["changes"]:
            yield f"    {change['path']}: {_value(change['before'])} → {_value(change['after'])}"
    for path, manager in planned["taken_over"]:
        yield f"    {path} is taken over from {manager}"
    for note in planned["notes"]:
        yield f"    {note}"


def _value(value: Any) -> str:
    text = (
        "-" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    )
    return text if len(text) <= 120 else f"{text[:117]}…"
