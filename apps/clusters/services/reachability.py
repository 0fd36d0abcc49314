"""Whether a cluster answers, and what it says of itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from apps.audit.services import SYSTEM, Happening, record
from apps.clusters.choices import Reachability
from apps.clusters.models import Cluster
from apps.clusters.services.credentials import connect
from apps.core import scopes
from slipway.ports import clusters as port


def check_cluster(organization_id: UUID, cluster_id: UUID) -> Cluster:
    """Asks the cluster who it is and writes down what it said. No transaction is open while it is asked."""
    with scopes.organization(organization_id):
        cluster: Cluster = Cluster.objects.get(id=cluster_id)
    found = _ask(cluster)
    with scopes.organization(organization_id):
        cluster = Cluster.objects.select_for_update().get(id=cluster_id)
        now = timezone.now()
        before = cluster.reachability
        _note(cluster, found, now)
        cluster.save()
        if cluster.reachability != before:
            record(SYSTEM, happenings=[_happening(cluster)], at=now)
    return cluster


def _ask(cluster: Cluster) -> port.ClusterFacts | port.ClusterError:
    try:
        return connect(cluster).facts(refresh=True)
    except port.ClusterError as error:
        return error


def _note(cluster: Cluster, found: port.ClusterFacts | port.ClusterError, now: datetime) -> None:
    if isinstance(found, port.ClusterFacts):
        state, sentence = Reachability.REACHABLE, ""
        cluster.version = found.version
        cluster.simulated = found.simulated
        cluster.served_kinds = sorted(f"{kind}.{group}" if group else kind for group, kind in found.kinds)
    elif isinstance(found, port.Unauthorized):
        state, sentence = Reachability.REFUSED, found.sentence
    else:
        state, sentence = Reachability.UNREACHABLE, found.sentence
    if cluster.reachability != state:
        cluster.reachability_since = now
    cluster.reachability, cluster.reachability_sentence, cluster.checked_at = state, sentence[:500], now


def _happening(cluster: Cluster) -> Happening:
    """The feed tells when a cluster begins or ceases to answer; pages that show it follow the feed."""
    body = {"label": cluster.name, "slug": cluster.slug, "sentence": cluster.reachability_sentence}
    return Happening(f"cluster.{cluster.reachability}", body=body)


def all_clusters() -> list[tuple[UUID, UUID]]:
    """(organization, cluster) pairs, for the beat that asks each of them."""
    with scopes.system("which clusters there are"):
        return list(Cluster.objects.order_by("checked_at").values_list("organization_id", "id"))
