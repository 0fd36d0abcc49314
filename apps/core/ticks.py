"""When something that should happen again and again last did. In the cache: losing it loses two seconds."""

from __future__ import annotations

import time

import structlog
from django.core.cache import cache

log = structlog.get_logger(__name__)

_REMEMBERED_SECONDS = 3600


def tick(name: str) -> None:
    try:
        cache.set(f"tick:{name}", time.time(), _REMEMBERED_SECONDS)
    except Exception as error:  # noqa: BLE001  whatever the cache's trouble, the work itself goes on
        log.info("tick_lost", tick=name, error=type(error).__name__)


def seconds_since(name: str) -> float | None:
    """None: not in the last hour, or the cache forgot. Raises what the cache raises."""
    last: float | None = cache.get(f"tick:{name}")
    return None if last is None else max(0.0, time.time() - last)
