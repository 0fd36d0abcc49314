"""Which applications a look at home asks for: one query each, by an index, the page's rows only.

Under row-level security a condition that is not leakproof reads a whole tenant; names go through the search function
behind the wall, everything else here is plain equality or a partial index. tests/tenancy explains them.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.db.models.expressions import RawSQL

from apps.applications.access import applications_of, labelled
from apps.applications.labels import read_label
from apps.applications.models import Application
from apps.dashboard.pictures.look import Look
from apps.environments.models import Target
from apps.organizations.access import Actor
from apps.rollouts.models import Rollout
from slipway.engine.phases import ACTIVE, QUEUED

_MOST_NAMED = 100_000

_NAMED = "SELECT application FROM slipway_search_applications(%s, %s) WHERE matched = %s"

# The lowest number of an environment, beside that of the nearest one before it in which anything is live.
_BEHIND = """
SELECT application_id FROM (
  SELECT target.application_id, min(target.live_number) AS lowest,
    lag(min(target.live_number)) OVER (PARTITION BY target.application_id ORDER BY environment.position) AS before
  FROM target JOIN environment ON environment.id = target.environment_id
  WHERE target.removed_at IS NULL AND target.live_number IS NOT NULL
  GROUP BY target.application_id, environment.position
) place WHERE lowest < before
"""


def applications_sought(actor: Actor, look: Look) -> QuerySet[Application]:
    """By name; when they are grouped, by the label's value first, and those without it last."""
    rows = applications_of(actor)
    if words := look.name.lower().split():
        words = words[:8]
        found = RawSQL(_NAMED, [words, _MOST_NAMED, 2 ** len(words) - 1])  # noqa: S611  parameters, no text of ours
        rows = rows.filter(id__in=found)
    if look.label:
        rows = labelled(rows, *read_label(look.label))
    if "moving" in look.only:
        rows = rows.filter(id__in=moving_rollouts().values("application_id"))
    if "bad" in look.only:
        rows = rows.filter(id__in=Target.objects.filter(troubled=True).values("application_id"))
    if "behind" in look.only:
        rows = rows.filter(id__in=RawSQL(_BEHIND, []))  # noqa: S611  no parameters
    return _ordered(rows, look)


def wanted_by_ids(actor: Actor, look: Look, ids: Collection[UUID]) -> QuerySet[Application]:
    """A page of what was found already, with what its grouping needs."""
    return _ordered(applications_of(actor).filter(id__in=ids), look)


def _ordered(rows: QuerySet[Application], look: Look) -> QuerySet[Application]:
    if look.group:
        mine = FilteredRelation("label_rows", condition=Q(label_rows__key=look.group))
        rows = rows.annotate(grouped=mine, group=F("grouped__value"))
        return rows.order_by(F("group").asc(nulls_last=True), "name", "id")
    return rows.order_by("name", "id")


def moving_rollouts() -> QuerySet[Rollout]:
    """Said as the two partial indexes say it; one list of all five phases would be answered by neither."""
    active, queued = ([str(phase) for phase in phases] for phases in (ACTIVE, QUEUED))
    rows: QuerySet[Rollout] = Rollout.objects.filter(Q(phase__in=active) | Q(phase__in=queued))
    return rows.order_by()
