"""A server's refusals in the port's words. About a Secret: path and class only, since a refusal can carry a value."""

from __future__ import annotations

import json
import re
from typing import Any

from slipway.ports.clusters import (
    ClusterError,
    NamespaceMissing,
    OwnedByOthers,
    Refused,
    Stale,
    Unauthorized,
    Unreachable,
)

_RETRY = frozenset({429, 502, 503, 504})
_NAMESPACE_404 = re.compile(r'namespaces "[^"]*" not found')
_MANAGER = re.compile(r'conflict with "([^"]*)"')


def parsed(body: bytes) -> Any:
    """Of an answer that says 200."""
    try:
        return json.loads(body)
    except ValueError:
        raise Unreachable("what answers there speaks no Kubernetes.") from None


def translate(status: int, body: bytes, *, what: str, secret: bool = False) -> ClusterError:
    """`what` is the object as a person reads it: `Deployment web`."""
    answer = _answer(body)
    reason = str(answer.get("reason", ""))
    message = str(answer.get("message", "") or body[:300].decode("utf-8", "replace"))
    details = answer.get("details") or {}
    causes = tuple(
        (str(cause.get("field", "")), str(cause.get("message", ""))) for cause in details.get("causes") or ()
    )
    said = message  # judged, never shown
    if secret:
        message = f"{what}: {reason or status}" + (
            f" at {', '.join(path for path, _ in causes)}" if causes else ""
        )
        if "immutable" in f"{said} {causes}".lower():
            message += " (immutable)"
        causes = tuple((path, "") for path, _ in causes)
    if status in _RETRY:
        return Unreachable(f"the API answers {status}: {message}", status=status, reason=reason)
    if status == 401:
        return Unauthorized(
            "The cluster does not accept our credentials (401).", status=status, reason=reason
        )
    if status == 403:
        if "being terminated" in said:
            return Refused(message, status=status, reason="NamespaceTerminating")
        return Unauthorized(f"The cluster does not let us: {message}", status=status, reason=reason)
    if status == 404 and _NAMESPACE_404.search(said):
        return NamespaceMissing(message, status=status, reason=reason)
    if status == 409:
        return _conflict(message, details, answer)
    if status == 422 and any(path == "metadata.uid" for path, _ in causes):
        # An apply for an object that was made anew meanwhile: "immutable", but nothing to replace.
        return Stale(message, status=status, reason=reason)
    return Refused(message, status=status, reason=reason, causes=causes)


def _conflict(message: str, details: dict[str, Any], answer: dict[str, Any]) -> ClusterError:
    owners = []
    for cause in details.get("causes") or ():
        if cause.get("reason") == "FieldManagerConflict":
            named = _MANAGER.search(str(cause.get("message", "")))
            owners.append((named[1] if named else "somebody", str(cause.get("field", "")).lstrip(".")))
    if owners:
        return OwnedByOthers(message, owners=owners)
    return Stale(message, status=409, reason=str(answer.get("reason", "")))


def _answer(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
