"""Releases by version, branch, commit, message or issue."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from apps.organizations.access import Actor, Right, authorize


def releases_saying(actor: Actor, words: Sequence[str], most: int) -> list[UUID]:
    """Those that say all of it themselves: what begins so first, then the newest. Inside the organization's scope."""
    authorize(actor, Right.SEE)
    if not words:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT release, tier FROM slipway_search_releases(%s, %s)", [list(words), most])
        rows = sorted(cursor.fetchall(), key=lambda row: int(row[1]))  # stable: newest first stays
    return list(dict.fromkeys(row[0] for row in rows))[:most]


def releases_of_application(
    actor: Actor, application_id: UUID, words: Sequence[str], most: int
) -> list[UUID]:
    """Of one application, newest first; without words its newest."""
    authorize(actor, Right.SEE)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT release FROM slipway_search_releases_of(%s, %s, %s)", [application_id, list(words), most]
        )
        return [row[0] for row in cursor.fetchall()]
