"""Idempotency-Key: a write that was answered is answered the same again and not done twice.

The key's row is written in the request's own transaction. Of two requests with one key at once the second waits
on the first one's row: it finds the answer once that is committed, or does the work itself when it was rolled back.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.models import IdempotencyKey
from apps.core.problems import Conflict, Invalid
from apps.organizations.access import Actor

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Once:
    class Again(Exception):
        """Answered before; `answer` is (body, status)."""

        def __init__(self, body: Any, status: int) -> None:
            super().__init__()
            self.answer = (body, status)

    def __init__(self, row: IdempotencyKey) -> None:
        self._row = row
        self.secret_of: UUID | None = None

    @classmethod
    def begin(cls, actor: Actor, key: str, request: Request) -> Once:
        """Inside the organization's scope. Raises Again, Invalid, Conflict."""
        if len(key) > 120 or not key.isprintable():
            raise Invalid("An Idempotency-Key is at most 120 visible characters.")
        route = f"{request.method} {request.get_full_path()}\n{request.headers.get('If-Match', '')}\n"
        fingerprint = hashlib.sha256(route.encode() + request.body).digest()
        row, fresh = IdempotencyKey.objects.get_or_create(
            organization_id=actor.organization_id,
            actor_id=actor.user_id,
            key=key,
            defaults={"fingerprint": fingerprint},
        )
        if fresh:
            return cls(row)
        if bytes(row.fingerprint) != fingerprint:
            raise Conflict("This Idempotency-Key was used for another request.")
        raise cls.Again(row.body, row.status)

    def end(self, response: Response) -> None:
        if response.status_code >= 400:
            return
        if self.secret_of is not None:
            problem = Conflict(
                f"This request was answered already, with a secret that is shown once. It made {self.secret_of}.",
                created=str(self.secret_of),
            )
            self._row.status, self._row.body = problem.status, problem.as_dict()
        else:
            self._row.status = response.status_code
            self._row.body = json.loads(JSONRenderer().render(response.data))
        self._row.save(update_fields=["status", "body"])
