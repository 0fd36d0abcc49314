"""The targets that follow from application × environment × cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db import transaction

from apps.applications.models import Application
from apps.audit.services import Audit, record
from apps.clusters.models import Cluster
from apps.core.problems import Invalid
from apps.environments.models import Environment, EnvironmentCluster, Target
from apps.organizations.access import Actor, Right, authorize
from slipway.engine.manifests import ImageReference

NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


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


def ensure_targets_on(environment: Environment, cluster: Cluster) -> None:
    """One for each application: the missing ones are made, those that were here before come back with their history.
    As many statements for thousands of applications as for one."""
    here = Target.objects.filter(environment_id=environment.id, cluster_id=cluster.id)
    here.filter(removed_at__isnull=False).update(removed_at=None)
    missing = Application.objects.exclude(id__in=here.values("application_id"))
    Target.objects.bulk_create(
        [
            Target(
                organization_id=environment.organization_id,
                application=application,
                environment=environment,
                cluster=cluster,
                namespace=namespace_for(environment, application),
            )
            for application in missing
        ],
        batch_size=1000,
    )


def namespace_for(environment: Environment, application: Application) -> str:
    namespace = environment.namespace_template.format(
        application=application.slug, environment=environment.slug
    )
    if not NAMESPACE.fullmatch(namespace):
        raise Invalid(f"“{namespace}” (from {environment.namespace_template}) is no name for a namespace.")
    return namespace


def override_images(actor: Actor, target: Target, overrides: Mapping[str, str]) -> Target:
    """Repository → image by digest, in place of what releases name; for the rollouts that begin from now on."""
    authorize(
        actor,
        Right.CONFIGURE,
        environment_id=target.environment_id,
        application_id=target.application_id,
    )
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
