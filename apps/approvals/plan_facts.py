"""What was decided on, in numbers, as they stood when somebody decided. Kept with the decision."""

from __future__ import annotations

from typing import Any

from apps.rollouts.models import Rollout
from apps.rollouts.selectors import plan_of
from slipway.engine.plans import Verb

MOST_NAMED = 200


def facts_of_plan(rollout: Rollout) -> dict[str, Any]:
    """Of the plan in force; the plan's whole body is kept under its digest."""
    planned = plan_of(rollout)
    if planned is None:
        return {"sentence": "", "counts": {}, "objects": [], "more": 0}
    plan, record = planned
    changed = [item for item in plan.objects if item.verb is not Verb.UNCHANGED]
    return {
        "sentence": plan.sentence,
        "counts": {str(verb): number for verb, number in plan.counts.items() if number},
        "objects": [f"{item.verb} {item.key}" for item in changed[:MOST_NAMED]],
        "more": max(0, len(changed) - MOST_NAMED),
        "way_back": plan.way_back_label,
        "release": rollout.release.version,
        "release_digest": bytes(rollout.release.digest).hex(),
        "from": rollout.from_release.version if rollout.from_release else None,
        "made_at": record.made_at.isoformat(),
    }
