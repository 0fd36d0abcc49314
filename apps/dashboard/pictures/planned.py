"""The plan in force, read once per process: a plan never changes once it is made, and a page that is painted anew with
every event must not take it apart each time."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from apps.dashboard.kept import Kept
from apps.dashboard.pictures.plans import PlanPicture, plan_picture
from apps.rollouts.models import PlanRecord, Rollout
from slipway.engine.plans import Plan


@dataclass(frozen=True, slots=True)
class Planned:
    plan: Plan
    record: PlanRecord
    picture: PlanPicture


def planned_of(rollout: Rollout) -> Planned | None:
    """1 query; 2 or 3 the first time. Which plan it is, is asked behind the wall each time."""
    identifier = (
        PlanRecord.objects.filter(rollout_id=rollout.id, digest=rollout.plan_digest)
        .order_by("-number")
        .values_list("id", flat=True)
        .first()
    )
    return _plans.get(identifier, lambda: _read(rollout, identifier)) if identifier is not None else None


def _read(rollout: Rollout, identifier: UUID) -> Planned:
    record: PlanRecord = PlanRecord.objects.get(id=identifier)
    plan = Plan.from_json(record.body["plan"])
    return Planned(plan, record, plan_picture(plan, record, rollout))


_plans: Kept[UUID, Planned] = Kept(64)  # some hundred KB each
