from __future__ import annotations

from django.db.models import QuerySet

from apps.clusters.models import Cluster
from apps.core.problems import NotFound
from apps.organizations.access import Actor, Right, authorize


def clusters_of(actor: Actor) -> QuerySet[Cluster]:
    authorize(actor, Right.SEE)
    rows: QuerySet[Cluster] = Cluster.objects.filter(organization_id=actor.organization_id)
    return rows


def access_cluster(actor: Actor, slug: str, right: Right = Right.SEE) -> Cluster:
    cluster = clusters_of(actor).filter(slug=slug).first()
    if cluster is None:
        raise NotFound("There is no such cluster.")
    authorize(actor, right)
    return cluster
