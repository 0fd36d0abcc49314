"""Environments and their policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.audit.services import Audit, record
from apps.clusters.models import Cluster
from apps.core.problems import Conflict, Invalid
from apps.core.revisions import check_revision
from apps.core.slugs import checked_slug
from apps.environments.choices import DeliveryMode, Strategy
from apps.environments.models import Environment, EnvironmentCluster
from apps.environments.services.targets import ensure_targets_on
from apps.organizations.access import Actor, Right, authorize

_CHANGEABLE = (
    "name",
    "production",
    "delivery_mode",
    "approvals_needed",
    "strategy",
    "namespace_template",
    "allowed_namespaces",
    "allowed_cluster_kinds",
    "progress_deadline_seconds",
    "bake_seconds",
    "wait_for_addresses",
    "delete_limit",
)


def create_environment(
    actor: Actor, *, slug: str, clusters: Sequence[Cluster], name: str = "", **policy: Any
) -> Environment:
    """Placed last in promotion order. Every application gets a target on each of its clusters."""
    authorize(actor, Right.CONFIGURE)
    checked_slug(slug)
    values = _checked({"name": name or slug, **policy})
    with transaction.atomic():
        if Environment.objects.filter(slug=slug).exists():
            raise Conflict(f"There is an environment called {slug} already.")
        last = Environment.objects.aggregate(last=Max("position"))["last"] or 0
        environment = Environment(
            organization_id=actor.organization_id, slug=slug, position=last + 1, **values
        )
        _check_whole(environment)
        environment.save()
        for cluster in clusters:
            EnvironmentCluster.objects.create(
                organization_id=actor.organization_id, environment=environment, cluster=cluster
            )
            ensure_targets_on(environment, cluster)
        after = {**values, "clusters": [cluster.slug for cluster in clusters]}
        record(
            actor.by, audits=[Audit("environment.create", "environment", slug, environment.id, after=after)]
        )
    return environment


def change_environment(
    actor: Actor, environment: Environment, *, seen: int | None = None, **policy: Any
) -> Environment:
    """Rollouts that run keep the policy they began with."""
    authorize(actor, Right.CONFIGURE)
    values = _checked(policy)
    with transaction.atomic():
        locked: Environment = Environment.objects.select_for_update().get(id=environment.id)
        check_revision(locked, seen)
        before = {field: getattr(locked, field) for field in values}
        for field, value in values.items():
            setattr(locked, field, value)
        _check_whole(locked)
        locked.revision += 1
        locked.save()
        audit = Audit(
            "environment.change", "environment", locked.slug, locked.id, before=before, after=values
        )
        record(actor.by, audits=[audit])
    return locked


def _checked(policy: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(policy) - set(_CHANGEABLE))
    if unknown:
        raise Invalid(f"An environment has no setting called {unknown[0]}.", fields={unknown[0]: "unknown"})
    for field, choices in (("delivery_mode", DeliveryMode.values), ("strategy", Strategy.values)):
        if field in policy and policy[field] not in choices:
            raise Invalid(
                f"{field} is one of {', '.join(choices)}.", fields={field: f"one of {', '.join(choices)}"}
            )
    if template := policy.get("namespace_template"):
        try:
            template.format(application="a", environment="e")
        except (KeyError, IndexError, ValueError):
            sentence = "A namespace template may hold {application} and {environment}."
            raise Invalid(sentence, fields={"namespace_template": sentence}) from None
    return policy


def _check_whole(environment: Environment) -> None:
    if environment.delivery_mode == DeliveryMode.APPROVE and environment.approvals_needed < 1:
        sentence = "Delivery by approval needs at least one approval."
        raise Invalid(sentence, fields={"approvals_needed": sentence})
