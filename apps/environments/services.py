"""Environments, their policy, and the targets that follow from application × environment × cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.applications.models import Application
from apps.audit.services import Audit, record
from apps.clusters.models import Cluster
from apps.core.problems import Conflict, Forbidden, Invalid, NotFound
from apps.core.revisions import check_revision
from apps.core.slugs import checked_slug
from apps.environments.choices import DeliveryMode, Strategy
from apps.environments.models import Environment, EnvironmentCluster, Target
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.choices import GrantedRight
from apps.organizations.models import Grant, Membership
from slipway.engine.manifests import ImageReference

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
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


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
        for application in Application.objects.all():
            ensure_targets(application)
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


def ensure_targets(application: Application) -> list[Target]:
    """The missing ones are made; called when a release is made and when an environment is."""
    made = []
    places = EnvironmentCluster.objects.select_related("environment", "cluster").order_by(
        "environment__position"
    )
    known = set(
        Target.objects.filter(application_id=application.id).values_list("environment_id", "cluster_id")
    )
    for place in places:
        if (place.environment_id, place.cluster_id) in known:
            continue
        made.append(
            Target.objects.create(
                organization_id=application.organization_id,
                application=application,
                environment=place.environment,
                cluster=place.cluster,
                namespace=namespace_for(place.environment, application),
            )
        )
    return made


def namespace_for(environment: Environment, application: Application) -> str:
    namespace = environment.namespace_template.format(
        application=application.slug, environment=environment.slug
    )
    if not _NAMESPACE.fullmatch(namespace):
        raise Invalid(f"“{namespace}” (from {environment.namespace_template}) is no name for a namespace.")
    return namespace


def grant(actor: Actor, environment: Environment, membership: Membership, right: GrantedRight) -> Grant:
    """Deploy or approve in one environment; never to oneself."""
    authorize(actor, Right.MANAGE_PEOPLE)
    if membership.user_id == actor.user_id:
        raise Forbidden("A grant is given by somebody else.")
    with transaction.atomic():
        given, made = Grant.objects.get_or_create(
            organization_id=actor.organization_id,
            membership=membership,
            environment_id=environment.id,
            right=right,
            defaults={"given_by_id": actor.user_id},
        )
        if made:
            after = {"person": str(membership.user), "right": str(right)}
            record(
                actor.by,
                audits=[Audit("grant.give", "environment", environment.slug, environment.id, after=after)],
            )
    found: Grant = given
    return found


def take_back_grant(actor: Actor, identifier: UUID) -> None:
    authorize(actor, Right.MANAGE_PEOPLE)
    with transaction.atomic():
        given = (
            Grant.objects.select_for_update(of=("self",))
            .select_related("membership__user")
            .filter(id=identifier)
            .first()
        )
        if given is None:
            raise NotFound("There is no such grant.")
        environment = Environment.objects.get(id=given.environment_id)
        before = {"person": str(given.membership.user), "right": str(given.right)}
        given.delete()
        audit = Audit("grant.take", "environment", environment.slug, environment.id, before=before)
        record(actor.by, audits=[audit])


def override_images(actor: Actor, target: Target, overrides: Mapping[str, str]) -> Target:
    """Repository → image by digest, in place of what releases name; for the rollouts that begin from now on."""
    authorize(actor, Right.CONFIGURE)
    for repository, image in overrides.items():
        if ImageReference.parse(repository) != ImageReference(repository):
            sentence = f"“{repository}” is no image without tag and digest."
            raise Invalid(sentence, fields={f"image_overrides.{repository}": sentence})
        if not ImageReference.parse(image).pinned:
            sentence = f"“{image}” has no digest; an override names exactly one image: repository@sha256:…"
            raise Invalid(sentence, fields={f"image_overrides.{repository}": sentence})
    with transaction.atomic():
        locked: Target = (
            Target.objects.select_for_update(of=("self",))
            .select_related("application", "environment", "cluster")
            .get(id=target.id)
        )
        before, locked.image_overrides = locked.image_overrides, dict(overrides)
        if before == locked.image_overrides:
            return locked
        locked.save(update_fields=["image_overrides"])
        label = f"{locked.application.slug} in {locked.environment.slug}"
        audit = Audit(
            "target.override-images", "target", label, locked.id, before=before, after=dict(overrides)
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
