"""A whole object after a plan: what was applied before, with the plan's changes put in."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from typing import Any

from slipway.engine.diff import FieldChange
from slipway.engine.objects import Manifest

_STEP = re.compile(r'\[(.*?)\](?=$|[.\[])|("(?:[^"\\]|\\.)*")|([^.\["]+)', re.DOTALL)


def with_plan(before: Manifest, changes: Iterable[FieldChange]) -> Manifest:
    """A change of the whole object is the object; what has no place any more is left out."""
    after = copy.deepcopy(before)
    for change in changes:
        if not change.path:
            return copy.deepcopy(change.after) if isinstance(change.after, dict) else after
        if not change.path.endswith("[order]"):
            _put(after, [_step(*found) for found in _STEP.findall(change.path)], change.after)
    return after


def _step(entry: str, quoted: str, member: str) -> tuple[str, str]:
    """(key, value) of a list's entry, ("", name) of a member."""
    if entry:
        key, _, value = entry.partition("=")
        return key, value
    return "", json.loads(quoted) if quoted else member


def _put(value: Any, path: list[tuple[str, str]], new: Any) -> None:
    (key, name), *rest = path
    if key:
        _put_entry(value, key, name, rest, new)
    elif isinstance(value, dict):
        if rest:
            following: list[Any] | dict[str, Any] = [] if rest[0][0] else {}
            _put(value.setdefault(name, following), rest, new)
        elif new is None:
            value.pop(name, None)
        else:
            value[name] = new


def _put_entry(value: Any, key: str, name: str, rest: list[tuple[str, str]], new: Any) -> None:
    if not isinstance(value, list):
        return
    place = next(
        (at for at, entry in enumerate(value) if isinstance(entry, dict) and str(entry.get(key)) == name),
        None,
    )
    if rest:
        if place is None:
            value.append({key: name})
            place = len(value) - 1
        _put(value[place], rest, new)
    elif new is None:
        if place is not None:
            value.pop(place)
    elif place is None:
        value.append(new)
    else:
        value[place] = new
