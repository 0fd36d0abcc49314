"""A refusal for want of a right is audited; one that is repeated is counted, so that a loop fills no chain."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.cache import cache
from django.http import HttpRequest

from apps.audit.services import Audit, record
from apps.core import scopes
from apps.core.problems import Forbidden
from apps.organizations.access import Actor

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 300
_REMEMBERED_SECONDS = 86_400


def audit_refusal(actor: Actor, refusal: Forbidden, *, route: str, request: HttpRequest) -> None:
    """In a transaction of its own: the request's was rolled back. One entry per person, address of the API and
    reason in five minutes; the next one says how many were not written down."""
    right = str(refusal.extra.get("right", "")).replace(" ", "-")
    who = f"{actor.organization_id}:{actor.user_id}:{route}:{request.method}:{right}"
    unwritten = _unwritten(who)
    if unwritten is None:
        return
    after: dict[str, Any] = {"why": refusal.sentence}
    if unwritten:
        after["repeated"] = unwritten
    what = f"{request.method} {request.path}"[:300]
    with scopes.organization(actor.organization_id):
        record(actor.by, audits=[Audit("access.refused", "request", what, after=after)])


def _unwritten(who: str) -> int | None:
    """How many like it were counted since the last entry; None when this one is counted, not written."""
    counter = f"refused:count:{who}"
    try:
        cache.add(counter, 0, timeout=_REMEMBERED_SECONDS)
        if not cache.add(f"refused:{who}", 1, timeout=WINDOW_SECONDS):
            cache.incr(counter)
            return None
        counted = int(cache.get(counter) or 0)
        cache.set(counter, 0, timeout=_REMEMBERED_SECONDS)
    except Exception as error:  # noqa: BLE001  without a cache each is written
        log.warning("refusals_cannot_be_counted", error=type(error).__name__)
        return 0
    return counted
