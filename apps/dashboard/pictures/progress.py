"""How far rollouts that hold their slot have come, counted in the database: a rollout of 500 pods is not fetched for
two numbers of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.core import scopes
from slipway.engine.phases import Phase

# The check of the plan is step 0 and is not counted, as in the rollout's own sentence.
_PROGRESS = """
SELECT rollout.id, rollout.phase, rollout.step, jsonb_array_length(plan.body -> 'steps') - 1, seen.healthy, seen.whole
FROM rollout
LEFT JOIN plan ON plan.rollout_id = rollout.id AND plan.number = rollout.plan_number
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE value ->> 'health' IN ('healthy', 'suspended')) AS healthy, count(*) AS whole
  FROM jsonb_each(CASE WHEN jsonb_typeof(rollout.progress -> 'objects') = 'object'
                       THEN rollout.progress -> 'objects' ELSE '{}' END)
) seen
WHERE rollout.id = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class Progress:
    phase: str
    step: int  # the one that runs, from 1
    steps: int
    done: int  # before it
    healthy: int
    whole: int  # objects that are looked at

    @property
    def share(self) -> float:
        """Of the step that runs: what is healthy."""
        return self.healthy / self.whole if self.whole else 0.0

    @property
    def words(self) -> str:
        """ "step 2 of 4 · 7 of 12 healthy" """
        seen = [f"{self.healthy} of {self.whole} healthy"] if self.whole else []
        if self.phase == Phase.VERIFYING:
            return " · ".join(["bake", *seen])
        paused = ["paused"] if self.phase == Phase.PAUSED else []
        return " · ".join([*paused, f"step {self.step} of {self.steps}", *seen])

    @property
    def percent(self) -> int:
        """By steps done and, in the one that runs, by what is healthy: step 2 of 4 with 7 of 12 is
        100 · (1 + 7/12) / 4 = 40 %. The bake is the end of the bar, not the end of the rollout."""
        if self.phase == Phase.VERIFYING:
            return 98
        return min(97, round(100 * (self.done + self.share) / self.steps))


def progress_of(rollout_ids: Collection[UUID]) -> dict[UUID, Progress]:
    """Inside the organization's scope."""
    scopes.require()
    if not rollout_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PROGRESS, [list(rollout_ids)])
        return {identifier: _progress(*facts) for identifier, *facts in cursor.fetchall()}


def _progress(phase: str, step: int, steps: int | None, healthy: int, whole: int) -> Progress:
    steps = max(1, steps or 1)
    return Progress(phase, min(max(step, 1), steps), steps, min(steps, max(0, step - 1)), healthy, whole)
