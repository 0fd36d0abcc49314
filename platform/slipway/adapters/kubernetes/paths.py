from __future__ import annotations

from urllib.parse import quote

from slipway.ports.clusters import Refused


def segment(name: str) -> str:
    """One segment of a path, whatever a manifest calls itself: a name must not lead to another object."""
    if name in (".", "..") or "/" in name or "%" in name:
        raise Refused(f"“{name}” is no name that an object may have.", status=422, reason="Invalid")
    return quote(name, safe="")
