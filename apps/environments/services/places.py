"""Where an environment stands: its place in promotion order, and its clusters."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.audit.services import Audit, record
from apps.clusters.models import Cluster
from apps.core.problems import Conflict, Invalid
from apps.core.revisions import check_revision
from apps.environments.models import Environment, EnvironmentCluster, Target
from apps.environments.registry import who_uses
from apps.environments.services.policy import happened
from apps.environments.services.targets import ensure_targets_on
from apps.organizations.access import Actor, Right, authorize

_NAMED = 5  # so many stand in a refusal; the others are counted


def move_environment(actor: Actor, environment: Environment, *, position: int) -> Environment:
    """To a place in promotion order, 1 being the first; the others close up. What runs is not touched: the order
    says where a release goes next."""
    authorize(actor, Right.CONFIGURE)
    with transaction.atomic():
        # Every row, in one order, so that two who move at once do it one after the other.
        rows: dict[UUID, Environment] = {
            row.id: row for row in Environment.objects.select_for_update().order_by("id")
        }
        order = sorted(rows.values(), key=lambda row: row.position)
        if not 1 <= position <= len(order):
            sentence = f"A place is 1 to {len(order)}."
            raise Invalid(sentence, fields={"position": sentence})
        moved = rows[environment.id]
        before = [row.slug for row in order]
        order.remove(moved)
        order.insert(position - 1, moved)
        after = [row.slug for row in order]
        if after == before:
            return moved
        for place, row in enumerate(order, start=1):
            if row.position != place:
                row.position, row.revision = place, row.revision + 1
                row.save(update_fields=["position", "revision"])
        audit = Audit("environment.move", "environment", moved.slug, moved.id, before=before, after=after)
        record(actor.by, audits=[audit], happenings=[happened("moved", moved)])
    return moved


def add_cluster_to_environment(
    actor: Actor, environment: Environment, cluster: Cluster, *, seen: int | None = None
) -> Environment:
    """Every application gets a target there. Nothing starts by itself: what comes next goes to it too."""
    authorize(actor, Right.CONFIGURE)
    with transaction.atomic():
        locked = _lock(environment, seen)
        before = _clusters(locked)
        if cluster.slug in before:
            raise Conflict(f"{locked.name} stands on {cluster.name} already.")
        EnvironmentCluster.objects.create(
            organization_id=actor.organization_id, environment=locked, cluster=cluster
        )
        ensure_targets_on(locked, cluster)
        _note(actor, "environment.add-cluster", locked, before)
    return locked


def remove_cluster_from_environment(
    actor: Actor, environment: Environment, cluster: Cluster, *, seen: int | None = None
) -> Environment:
    """Refused while anything is live, moves or waits there. What was there stays in the history."""
    authorize(actor, Right.CONFIGURE)
    with transaction.atomic():
        locked = _lock(environment, seen)
        before = _clusters(locked)
        if cluster.slug not in before:
            raise Conflict(f"{locked.name} does not stand on {cluster.name}.")
        if len(before) == 1:
            raise Conflict(f"{cluster.name} is the only cluster of {locked.name}; add another first.")
        _empty_targets(locked, cluster)
        EnvironmentCluster.objects.filter(environment_id=locked.id, cluster_id=cluster.id).delete()
        _note(actor, "environment.remove-cluster", locked, before)
    return locked


def _lock(environment: Environment, seen: int | None) -> Environment:
    locked: Environment = Environment.objects.select_for_update().get(id=environment.id)
    check_revision(locked, seen)
    return locked


def _clusters(environment: Environment) -> list[str]:
    return sorted(environment.clusters.values_list("slug", flat=True))


def _empty_targets(environment: Environment, cluster: Cluster) -> None:
    """Under the targets' locks, which a start takes too: nothing begins between the look and the end."""
    targets = list(
        Target.objects.select_for_update(of=("self",))
        .select_related("application")
        .filter(environment_id=environment.id, cluster_id=cluster.id, removed_at__isnull=True)
        .order_by("id")
    )
    where = f"{environment.name} on {cluster.name}"
    if live := sorted(target.application.name for target in targets if target.live_release_id):
        raise Conflict(
            f"{_named(live)} {'is' if len(live) == 1 else 'are'} live in {where}; nothing was removed."
        )
    if uses := sorted(who_uses([target.id for target in targets])):
        raise Conflict(
            f"{_named(uses)} {'is' if len(uses) == 1 else 'are'} under way in {where}; nothing was removed."
        )
    Target.objects.filter(id__in=[target.id for target in targets]).update(removed_at=timezone.now())


def _named(names: list[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _note(actor: Actor, action: str, environment: Environment, before: list[str]) -> None:
    environment.revision += 1
    environment.save(update_fields=["revision"])
    after = {"clusters": _clusters(environment)}
    audit = Audit(
        action, "environment", environment.slug, environment.id, before={"clusters": before}, after=after
    )
    record(actor.by, audits=[audit], happenings=[happened("changed", environment)])
