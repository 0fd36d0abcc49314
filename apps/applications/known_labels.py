"""Which labels there are in the organization. By steps along the index: DISTINCT would read every label of every
application for the few different ones among them."""

from __future__ import annotations

from django.db import connection

from apps.core import scopes

_KEYS = """
WITH RECURSIVE known AS (
  (SELECT key FROM application_label ORDER BY key LIMIT 1)
  UNION ALL
  SELECT (SELECT label.key FROM application_label label WHERE label.key > known.key ORDER BY label.key LIMIT 1)
  FROM known WHERE known.key IS NOT NULL
)
SELECT key FROM known WHERE key IS NOT NULL LIMIT %s
"""
_PAIRS = """
WITH RECURSIVE known AS (
  (SELECT key, value FROM application_label ORDER BY key, value LIMIT 1)
  UNION ALL
  SELECT following.key, following.value FROM known CROSS JOIN LATERAL (
    SELECT label.key, label.value FROM application_label label
    WHERE (label.key, label.value) > (known.key, known.value) ORDER BY label.key, label.value LIMIT 1
  ) following
)
SELECT key, value FROM known LIMIT %s
"""


def label_keys(most: int = 100) -> tuple[str, ...]:
    """In their order; inside the organization's scope."""
    return tuple(key for (key,) in _rows(_KEYS, most))


def label_pairs(most: int) -> tuple[str, ...]:
    """ "team=shop", in their order; inside the organization's scope."""
    return tuple(f"{key}={value}" for key, value in _rows(_PAIRS, most))


def _rows(sql: str, most: int) -> list[tuple[str, ...]]:
    scopes.require()
    with connection.cursor() as cursor:
        cursor.execute(sql, [most])
        return list(cursor.fetchall())
