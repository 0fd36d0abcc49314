"""How long a step usually takes here: the median of what the same step took in this target's last good rollouts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from apps.rollouts.models import Event, Rollout
from slipway.engine.phases import Phase

PAST = 9


def usual_durations(rollout: Rollout) -> Mapping[str, timedelta]:
    """Step's title → median. Empty where nothing succeeded here before, and for one that is over or looked back at.
    2 queries."""
    if rollout.ended_at is not None or rollout.as_of is not None:
        return {}
    past: dict[UUID, datetime] = dict(
        Rollout.objects.filter(
            target_id=rollout.target_id,
            phase=Phase.SUCCEEDED,
            slot_at__isnull=False,
            created_at__lt=rollout.created_at,
        )
        .order_by("-created_at")
        .values_list("id", "slot_at")[:PAST]
    )
    if not past:
        return {}
    took: dict[str, list[float]] = {}
    begun = past
    rows = Event.objects.filter(rollout_id__in=list(past), kind="step-done").order_by("rollout_id", "number")
    for identifier, at, title in rows.values_list("rollout_id", "at", "body__title"):
        took.setdefault(str(title), []).append((at - begun[identifier]).total_seconds())
        begun[identifier] = at
    return {title: timedelta(seconds=round(median(seconds))) for title, seconds in took.items()}
