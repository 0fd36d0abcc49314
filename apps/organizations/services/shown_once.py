"""Secrets that are shown once; only their digests are stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.organizations.models import ApiToken, Invitation


@dataclass(frozen=True, slots=True)
class Shown:
    """A secret that is shown once, and the row that keeps only its digest."""

    secret: str
    row: ApiToken | Invitation


def digest_of(secret: str) -> bytes:
    """Plain SHA-256: the secrets have 256 bits of their own, so there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def find_by_digest(function: str, digest: bytes) -> tuple[UUID, UUID] | None:
    """One of the enumerated look-ups before any scope; answers ids only."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {function}(%s)", [digest])  # noqa: S608  a constant of this module
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None
