"""If-Match: a change names the revision it was made from, where two people can collide."""

from __future__ import annotations

from typing import Any

from apps.core.problems import Outdated


def check_revision(row: Any, seen: int | None) -> None:
    """None: the caller did not ask for the check."""
    if seen is not None and seen != row.revision:
        raise Outdated(
            f"It was changed since you read it: you have revision {seen}, it is at {row.revision}."
        )
