"""A watcher saw something move on a cluster: the rollouts that it concerns look at once instead of at their next time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Greatest, Least, Now

from apps.core import scopes
from apps.rollouts.conversions import REPLAN_APART
from apps.rollouts.models import InventoryItem, Rollout
from apps.rollouts.services import waking
from slipway.engine.objects import ObjectKey
from slipway.engine.phases import ACTIVE, QUEUED


def noticed(
    organization_id: UUID,
    cluster_id: UUID,
    keys: Collection[ObjectKey],
    *,
    targets: Iterable[UUID] = (),
    edited: Collection[ObjectKey] | None = None,
) -> int:
    """`keys` moved, or something below them did; `targets` are those whose objects they are, where the caller knows
    (else the inventory is asked). `edited` of them were changed themselves, by more than their status; None: all.

    An active rollout is woken. One that waits is planned again when an object itself was changed, at most every
    10 s. Answers how many rollouts were woken or marked.
    """
    with scopes.organization(organization_id):
        places = set(targets) or _targets_of(cluster_id, keys)
        rows = Rollout.objects.filter(
            target_id__in=places, target__cluster_id=cluster_id, ended_at__isnull=True
        )
        active = list(
            rows.filter(phase__in=[str(phase) for phase in ACTIVE]).values_list("id", "abort_requested_at")
        )
        waiting: list[UUID] = []
        if edited is None or edited:
            waiting = _mark(rows.filter(phase__in=[str(phase) for phase in QUEUED]).exclude(plan_digest=""))
    for rollout_id, abort in active:
        waking.send(organization_id, rollout_id, queue=waking.ABORT_QUEUE if abort else "")
    for rollout_id in waiting:
        waking.send(organization_id, rollout_id)
    return len(active) + len(waiting)


def _mark(rows) -> list[UUID]:  # type: ignore[no-untyped-def]  # django-stubs cannot name a filtered TenantQuerySet
    """Answers those to be planned at once. The others are due when their last plan is old enough: the sweeper's."""
    fresh = Q(planned_at__gt=Now() - REPLAN_APART)
    at_once = list(rows.exclude(fresh).values_list("id", flat=True))
    rows.filter(id__in=at_once).update(plan_wanted=True)
    rows.filter(fresh).update(
        next_check_at=Least(F("next_check_at"), Greatest(F("planned_at") + REPLAN_APART, Now())),
        plan_wanted=True,
    )
    return at_once


def _targets_of(cluster_id: UUID, keys: Collection[ObjectKey]) -> set[UUID]:
    return set(
        InventoryItem.objects.filter(
            target__cluster_id=cluster_id, key__in=[str(key) for key in keys]
        ).values_list("target_id", flat=True)
    )
