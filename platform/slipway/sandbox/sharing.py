"""Many versions of one object in the memory of little more than one."""

from __future__ import annotations

from typing import Any


def share(fresh: dict[str, Any], before: dict[str, Any]) -> None:
    """Parts that did not change are held once, however many versions of the object the history remembers."""
    for key, value in fresh.items():
        old = before.get(key)
        if isinstance(value, (dict, list)) and value == old:
            fresh[key] = old
        elif isinstance(value, dict) and isinstance(old, dict):
            share(value, old)
        elif isinstance(value, list) and isinstance(old, list) and len(value) == len(old):
            for index, (item, known) in enumerate(zip(value, old, strict=True)):
                if item == known:
                    value[index] = known
                elif isinstance(item, dict) and isinstance(known, dict):
                    share(item, known)
