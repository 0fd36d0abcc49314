"""How often one may ask. Counted per minute in the cache; a cache that is away lets everybody in."""

from __future__ import annotations

import time

import structlog
from django.conf import settings
from django.core.cache import cache
from rest_framework.exceptions import Throttled

log = structlog.get_logger(__name__)


def count_request(who: str, *, per_minute: int) -> None:
    """Raises Throttled when `who` has asked more often than that in the minute that runs."""
    now = time.time()
    key = f"throttle:{who}:{int(now // 60)}"
    try:
        cache.add(key, 0, timeout=120)
        asked = cache.incr(key)
    except Exception as error:  # noqa: BLE001  Valkey may be lost at any time, and nobody is locked out by that
        log.warning("throttle_cannot_count", error=type(error).__name__)
        return
    if asked > per_minute:
        raise Throttled(wait=60 - now % 60)


def count_person(identifier: object) -> None:
    """Over all of a person's tokens and sessions."""
    count_request(f"person:{identifier}", per_minute=settings.API_REQUESTS_PER_MINUTE)


def count_stranger(address: str) -> None:
    """Somebody whose token or session is none."""
    count_request(f"stranger:{address}", per_minute=settings.API_STRANGERS_PER_MINUTE)
