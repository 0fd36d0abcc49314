"""Documents that somebody else serves at an address that a person of some organization typed in."""

from __future__ import annotations

from typing import Any, Protocol


class Unanswered(Exception):
    """Nothing that can be used came back, or the address may not be asked. The sentence is fit to be shown."""


class Documents(Protocol):
    def read_json(self, url: str) -> dict[str, Any]:
        """Raises Unanswered."""
        ...
