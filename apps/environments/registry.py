"""An upward question: what goes on at these targets? Higher apps answer without being imported here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

Occupants = Callable[[Collection[UUID]], list[str]]
"""Names, as people know them, of whatever moves or waits at these targets. Asked under the targets' locks."""

_occupants: dict[str, Occupants] = {}


def register_occupants(name: str, occupants: Occupants) -> None:
    """From a higher app's `AppConfig.ready()`; the name makes a second registration replace the first."""
    _occupants[name] = occupants


def who_uses(targets: Collection[UUID]) -> list[str]:
    return [name for occupants in _occupants.values() for name in occupants(targets)]
