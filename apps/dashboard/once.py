"""A form that is sent twice is done once: the pages' side of Idempotency-Key.

The key is made with the form. Its row is written in the request's own transaction, so of two presses at once the second
waits for the first one's end: it finds the answer, or does the work itself when the first was rolled back.
"""

from __future__ import annotations

import hashlib
from uuid import uuid4

from apps.core.models import IdempotencyKey
from apps.core.problems import Conflict, Invalid
from apps.organizations.access import Actor

DONE = 303


def new_key() -> str:
    return f"page-{uuid4()}"


class Press:
    """`before` is where the first press led to, "" when this is the first."""

    def __init__(self, actor: Actor, key: str, what: str) -> None:
        if not key or len(key) > 120 or not key.isprintable():
            raise Invalid("This form is incomplete. Nothing was done; reload the page and try again.")
        fingerprint = hashlib.sha256(what.encode()).digest()
        self._row, fresh = IdempotencyKey.objects.get_or_create(
            organization_id=actor.organization_id,
            actor_id=actor.user_id,
            key=key,
            defaults={"fingerprint": fingerprint},
        )
        if not fresh and bytes(self._row.fingerprint) != fingerprint:
            raise Conflict(
                "This form was sent already, filled in differently. Reload the page to send another."
            )
        self.before = "" if fresh else str((self._row.body or {}).get("address", ""))

    def led_to(self, address: str) -> str:
        self._row.status, self._row.body = DONE, {"address": address}
        self._row.save(update_fields=["status", "body"])
        return address
