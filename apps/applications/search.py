"""Applications by parts of their names."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from apps.organizations.access import Actor, Right, authorize


def applications_named(actor: Actor, words: Sequence[str], most: int) -> list[tuple[UUID, int]]:
    """Ids with the words that each one's name holds, a bit per word (0: none, it only sounds alike); best first.
    Inside the organization's scope, by which the function in the database filters."""
    authorize(actor, Right.SEE)
    if not words:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT application, matched FROM slipway_search_applications(%s, %s)", [list(words), most]
        )
        return list(cursor.fetchall())
