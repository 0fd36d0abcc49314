"""How many objects the plans in force change, counted in the database: a plan of a thousand objects is not fetched
for two numbers of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.core import scopes
from apps.rollouts.models import Rollout

_COUNTS = """
SELECT plan.rollout_id,
  count(*) FILTER (WHERE planned ->> 'verb' IN ('create', 'change', 'replace')),
  count(*) FILTER (WHERE planned ->> 'verb' = 'prune')
FROM plan CROSS JOIN LATERAL jsonb_array_elements(plan.body -> 'plan' -> 'objects') planned
WHERE (plan.rollout_id, plan.number) IN (SELECT * FROM unnest(%s::uuid[], %s::integer[]))
GROUP BY plan.rollout_id
"""


@dataclass(frozen=True, slots=True)
class PlanCounts:
    changed: int
    deleted: int


def plan_counts_of(rollouts: Collection[Rollout]) -> dict[UUID, PlanCounts]:
    """Inside the organization's scope; a rollout without a plan is missing."""
    scopes.require()
    if not rollouts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [[row.id for row in rollouts], [row.plan_number for row in rollouts]])
        return {identifier: PlanCounts(*counts) for identifier, *counts in cursor.fetchall()}
