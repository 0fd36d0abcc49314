"""The doors to rollouts and targets: find and authorise in one step; strangers see NotFound."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.core.problems import NotFound
from apps.environments.models import Target
from apps.organizations.access import Actor, Right, authorize
from apps.releases.models import Release
from apps.rollouts.models import Rollout

_RELEASES = ("release", "from_release", "way_back_release")
_BULKY = ("sealed_bundle", "configuration")  # of a release: whatever needs them asks for them


def with_related(rows: QuerySet[Rollout]) -> QuerySet[Rollout]:
    """With what is said of a rollout wherever one is shown.

    In one query of eight joins PostgreSQL would spend ten times as long on planning, behind row-level security, as on
    all the rest; and it would carry each release's whole bundle, up to three times.
    """
    releases = [Prefetch(name, Release.objects.defer(*_BULKY)) for name in _RELEASES]
    undone = Prefetch("undoes", Rollout.objects.only("organization_id", "number"))
    related = rows.select_related("application", "environment", "target__cluster")
    return related.defer("target__cluster__sealed_access").prefetch_related(*releases, undone)


def rollouts_of(actor: Actor) -> QuerySet[Rollout]:
    authorize(actor, Right.SEE)
    rows: QuerySet[Rollout] = Rollout.objects.filter(organization_id=actor.organization_id)
    return with_related(rows)


def access_rollout(
    actor: Actor, identifier: UUID | int, right: Right = Right.SEE, *, lock: bool = False
) -> Rollout:
    """By id or by number. With `lock` the rollout's row (alone) is locked."""
    rows = rollouts_of(actor)
    rows = rows.filter(number=identifier) if isinstance(identifier, int) else rows.filter(id=identifier)
    rollout = rows.select_for_update(of=("self",), no_key=True).first() if lock else rows.first()
    if rollout is None:
        raise NotFound("There is no such rollout.")
    authorize(actor, right, environment_id=rollout.environment_id, application_id=rollout.application_id)
    return rollout


def access_target(actor: Actor, identifier: UUID, right: Right = Right.SEE, *, lock: bool = False) -> Target:
    rows = Target.objects.filter(
        organization_id=actor.organization_id, removed_at__isnull=True
    ).select_related("application", "environment", "cluster")
    target: Target | None = (
        (rows.select_for_update(of=("self",), no_key=True) if lock else rows).filter(id=identifier).first()
    )
    if target is None:
        raise NotFound("There is no such target.")
    authorize(actor, right, environment_id=target.environment_id, application_id=target.application_id)
    return target


def access_release(actor: Actor, identifier: UUID) -> Release:
    authorize(actor, Right.SEE)
    release: Release | None = (
        Release.objects.filter(organization_id=actor.organization_id, id=identifier)
        .select_related("application", "base_release")
        .first()
    )
    if release is None:
        raise NotFound("There is no such release.")
    return release
