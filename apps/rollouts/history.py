"""What stood where at an instant, from the stretches: 2–6 ms for a page of a thousand targets' history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.core import scopes

# The end is tested outside the lateral: inside, a miss would read the target's whole past.
_STOOD = """
SELECT t.id, l.release_id, l.version, l.number, l.valid_from, l.by_label, l.rollout_id
FROM unnest(%s::uuid[]) AS t(id)
JOIN LATERAL (
  SELECT * FROM target_release s
  WHERE s.organization_id = %s AND s.target_id = t.id AND s.voided_at IS NULL AND s.valid_from <= %s
  ORDER BY s.valid_from DESC LIMIT 1
) l ON l.valid_to IS NULL OR l.valid_to > %s
WHERE l.release_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Standing:
    release_id: UUID
    version: str
    number: int
    since: datetime
    by: str
    rollout_id: UUID | None


def stood_at(targets: Collection[UUID], at: datetime) -> dict[UUID, Standing]:
    """A target where nothing stood is missing. Precondition: `at` carries its offset."""
    with connection.cursor() as cursor:
        cursor.execute(_STOOD, [list(targets), scopes.organization_id(), at, at])
        return {row[0]: Standing(*row[1:]) for row in cursor.fetchall()}


# Per target its newest ended ones: one index range each, however long its past.
_ENDED = """
SELECT t.id, r.id, r.number, r.phase, r.kind, r.created_at, r.slot_at, r.ended_at, r.version, r.requested_by_label
FROM unnest(%s::uuid[]) AS t(id)
JOIN LATERAL (
  SELECT o.id, o.number, o.phase, o.kind, o.created_at, o.slot_at, o.ended_at, o.requested_by_label, e.version
  FROM rollout o JOIN release e ON e.organization_id = o.organization_id AND e.id = o.release_id
  WHERE o.organization_id = %s AND o.target_id = t.id AND o.ended_at IS NOT NULL
  ORDER BY o.created_at DESC LIMIT %s
) r ON true
"""


@dataclass(frozen=True, slots=True)
class Ended:
    target_id: UUID
    id: UUID
    number: int
    phase: str
    kind: str
    asked_at: datetime
    slot_at: datetime | None
    ended_at: datetime
    version: str
    by: str


def last_ended(targets: Collection[UUID], *, most: int) -> list[Ended]:
    """At most `most` of each target, in no order."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDED, [list(targets), scopes.organization_id(), most])
        return [Ended(*row) for row in cursor.fetchall()]
