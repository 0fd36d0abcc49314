"""Where a request comes from, as it is audited and throttled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings


def address_of(meta: Mapping[str, Any]) -> str:
    """The peer; behind a proxy that we trust, the last address that this proxy wrote down: what stands before
    it came from the client and may be anything."""
    if settings.TRUST_PROXY_HEADERS:
        forwarded = str(meta.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        if forwarded:
            return forwarded[:64]
    return str(meta.get("REMOTE_ADDR", ""))[:64]
