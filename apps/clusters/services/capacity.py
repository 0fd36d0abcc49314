"""How much a cluster has and how much of it is asked for, by its own nodes and pods.

Read when somebody looks, at most once a minute per cluster; nothing of it is stored beyond the cache. The cluster's
credentials often may not see nodes: then that is what is said.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from django.core.cache import cache
from django.utils import timezone

from apps.clusters.conversions import Amount, NodeFacts, node_facts, requested_by
from apps.clusters.models import Cluster
from apps.clusters.services.credentials import connect
from apps.core import scopes
from slipway.ports import clusters as port

KEPT_SECONDS = 60
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Capacity:
    """`why_not` says why there are no figures; `pods_why_not` why none of what is asked for."""

    at: datetime
    nodes: tuple[NodeFacts, ...] = ()
    why_not: str = ""
    pods_why_not: str = ""

    @property
    def allocatable(self) -> Amount:
        return sum((node.allocatable for node in self.nodes), Amount())

    @property
    def requested(self) -> Amount:
        return sum((node.requested for node in self.nodes), Amount())


def capacity_of(organization_id: UUID, cluster_id: UUID, *, fresh: bool = False) -> Capacity:
    """Precondition: the caller came through the cluster's door. No transaction is open while the cluster is asked."""
    key = f"capacity:{organization_id}:{cluster_id}"
    if not fresh and (known := _kept(key)) is not None:
        return known
    with scopes.organization(organization_id):
        cluster: Cluster = Cluster.objects.get(id=cluster_id)
    found = _ask(cluster)
    _keep(key, found)
    return found


def _ask(cluster: Cluster) -> Capacity:
    now = timezone.now()
    try:
        connected = connect(cluster)
        nodes = [node_facts(node) for node in connected.list("", "Node").items]
    except port.Unauthorized as error:
        why = "These credentials may not list nodes, so there is no capacity to show."
        return Capacity(now, why_not=why if error.status == 403 else error.sentence)
    except port.ClusterError as error:
        return Capacity(now, why_not=error.sentence)
    try:
        pods = connected.list("", "Pod").items
    except port.ClusterError as error:
        refused = isinstance(error, port.Unauthorized) and error.status == 403
        why = "These credentials may not list the pods of all namespaces." if refused else error.sentence
        return Capacity(now, tuple(nodes), pods_why_not=why)
    asked: defaultdict[str, Amount] = defaultdict(Amount)
    for pod in pods:
        asked[str((pod.get("spec") or {}).get("nodeName") or "")] += requested_by(pod)
    return Capacity(now, tuple(replace(node, requested=asked[node.name]) for node in nodes))


def _kept(key: str) -> Capacity | None:
    try:
        text = cache.get(key)
    except Exception as error:  # noqa: BLE001  without a cache the cluster is asked
        log.warning("capacity_is_not_kept", error=type(error).__name__)
        return None
    if not isinstance(text, str):
        return None
    said = json.loads(text)
    nodes = tuple(
        NodeFacts(
            **{
                **node,
                "allocatable": Amount(**node["allocatable"]),
                "requested": Amount(**node["requested"]),
            }
        )
        for node in said["nodes"]
    )
    return Capacity(datetime.fromisoformat(said["at"]), nodes, said["why_not"], said["pods_why_not"])


def _keep(key: str, capacity: Capacity) -> None:
    said = {
        "at": capacity.at.isoformat(),
        "nodes": [asdict(node) for node in capacity.nodes],
        "why_not": capacity.why_not,
        "pods_why_not": capacity.pods_why_not,
    }
    try:
        cache.set(
            key, json.dumps(said), timeout=KEPT_SECONDS
        )  # JSON: what a cache holds is never trusted as code
    except Exception as error:  # noqa: BLE001  it is asked again then
        log.warning("capacity_is_not_kept", error=type(error).__name__)
