"""A cluster: whether it answers, what it serves and has, and what stands on it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q

from apps.clusters.access import clusters_of
from apps.clusters.choices import Reachability
from apps.clusters.conversions import Amount
from apps.clusters.models import Cluster
from apps.clusters.services import Capacity
from apps.dashboard.pictures.environment import Standing, standing_of
from apps.dashboard.words import count
from apps.environments.access import targets_of
from apps.environments.models import Environment, Target
from apps.organizations.access import Actor

PAGE_SIZE = 25
NODES = 50  # so many are shown by themselves; the sums hold all

# What people ask of a cluster before they count on it: (words, kind as discovery reports it).
_ABILITIES = (
    ("Ingress", "Ingress.networking.k8s.io"),
    ("Gateway API", "HTTPRoute.gateway.networking.k8s.io"),
    ("Autoscaling", "HorizontalPodAutoscaler.autoscaling"),
    ("Disruption budgets", "PodDisruptionBudget.policy"),
    ("Network policies", "NetworkPolicy.networking.k8s.io"),
    ("Snapshots of volumes", "VolumeSnapshot.snapshot.storage.k8s.io"),
    ("Certificates (cert-manager)", "Certificate.cert-manager.io"),
    ("Prometheus rules", "PrometheusRule.monitoring.coreos.com"),
    ("Service mesh (Istio)", "VirtualService.networking.istio.io"),
)


@dataclass(frozen=True, slots=True)
class ClusterLine:
    cluster: Cluster
    environments: tuple[str, ...]
    targets: int
    live: int


@dataclass(frozen=True, slots=True)
class ClusterPicture:
    cluster: Cluster
    sentence: str
    trouble: str  # what that means for the rollouts there; "" where it answers
    environments: tuple[Environment, ...]
    standing: tuple[Standing, ...]
    page: Page[Target]
    abilities: tuple[str, ...]
    kinds: tuple[tuple[str, tuple[str, ...]], ...]  # (group, kinds)


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of something is asked for; `share` in whole percent, for <progress>."""

    id: str
    label: str
    words: str
    share: int
    look: str


@dataclass(frozen=True, slots=True)
class NodeLine:
    name: str
    ready: bool
    takes_pods: bool
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class CapacityPicture:
    capacity: Capacity
    sentence: str
    bars: tuple[Bar, ...]
    nodes: tuple[NodeLine, ...]
    nodes_more: int


def cluster_lines(actor: Actor, *, page: str) -> tuple[Page[Cluster], tuple[ClusterLine, ...]]:
    chosen = Paginator(
        clusters_of(actor).prefetch_related("environments").order_by("name", "id"), PAGE_SIZE
    ).get_page(page)
    rows = list(chosen)
    tallies = {
        cluster: (targets, live)
        for cluster, targets, live in targets_of(actor)
        .filter(cluster__in=rows)
        .order_by()
        .values("cluster_id")
        .annotate(targets=Count("id"), live=Count("id", filter=Q(live_release_id__isnull=False)))
        .values_list("cluster_id", "targets", "live")
    }
    lines = []
    for row in rows:
        targets, live = tallies.get(row.id, (0, 0))
        places = sorted(row.environments.all(), key=lambda place: place.position)
        names = tuple(place.name for place in places)
        lines.append(ClusterLine(row, names, targets, live))
    return chosen, tuple(lines)


def cluster_picture(actor: Actor, cluster: Cluster, *, page: str) -> ClusterPicture:
    targets = (
        targets_of(actor)
        .filter(cluster_id=cluster.id, live_release_id__isnull=False)
        .order_by("application__name", "environment__position", "id")
    )
    chosen = Paginator(targets, PAGE_SIZE).get_page(page)
    return ClusterPicture(
        cluster=cluster,
        sentence=_sentence(cluster, chosen.paginator.count),
        trouble=_trouble(cluster),
        environments=tuple(cluster.environments.order_by("position")),
        standing=standing_of(list(chosen)),
        page=chosen,
        abilities=tuple(words for words, kind in _ABILITIES if kind in cluster.served_kinds),
        kinds=_kinds(cluster.served_kinds),
    )


def capacity_picture(capacity: Capacity) -> CapacityPicture:
    asked = not capacity.pods_why_not
    nodes = tuple(
        NodeLine(
            node.name,
            node.ready,
            node.takes_pods,
            _bars(node.name, node.allocatable, node.requested if asked else None),
        )
        for node in sorted(capacity.nodes, key=lambda node: (node.ready and node.takes_pods, node.name))
    )
    ready = sum(1 for node in capacity.nodes if node.ready)
    sentence = f"{ready} of {count(len(nodes), 'node')} {'is' if ready == 1 else 'are'} ready"
    bars = _bars("all", capacity.allocatable, capacity.requested if asked else None)
    return CapacityPicture(capacity, sentence, bars, nodes[:NODES], max(0, len(nodes) - NODES))


def _sentence(cluster: Cluster, live: int) -> str:
    if cluster.reachability == Reachability.REACHABLE:
        stands = (
            f"{count(live, 'application')} {'is' if live == 1 else 'are'} live on it"
            if live
            else "nothing is live on it yet"
        )
        return f"{cluster.name} answers; {stands}"
    if cluster.reachability == Reachability.REFUSED:
        return f"{cluster.name} refuses our credentials"
    if cluster.reachability == Reachability.UNREACHABLE:
        return f"{cluster.name} does not answer"
    return f"{cluster.name} was not asked yet"


def _trouble(cluster: Cluster) -> str:
    if cluster.reachability == Reachability.UNREACHABLE:
        return (
            "What runs there goes on running. Rollouts stand still, their deadlines too, and go on when it answers; "
            "it is asked every minute."
        )
    if cluster.reachability == Reachability.REFUSED:
        return "What runs there goes on running; nothing can be rolled out or taken back until it has other credentials."
    return ""


def _kinds(served: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for text in served:
        kind, _, group = text.partition(".")
        groups[group or "core"].append(kind)
    return tuple((group, tuple(sorted(kinds))) for group, kinds in sorted(groups.items()))


def _bars(of: str, has: Amount, asked: Amount | None) -> tuple[Bar, ...]:
    rows = (
        ("cpu", "CPU", has.cpu_millis, asked.cpu_millis if asked else None, _cores, "cores"),
        ("memory", "Memory", has.memory_bytes, asked.memory_bytes if asked else None, _gib, "GiB"),
        ("pods", "Pods", has.pods, asked.pods if asked else None, str, ""),
    )
    found = []
    for name, label, most, used, words, unit in rows:
        share = min(100, round(100 * used / most)) if used is not None and most else 0
        said = f"{words(used)} of {words(most)} {unit}" if used is not None else f"{words(most)} {unit}"
        look = "failed" if share >= 95 else "waiting" if share >= 80 else "progressing"
        found.append(Bar(f"{of}-{name}", label, said.strip(), share, look))
    return tuple(found)


def _cores(millis: int) -> str:
    return f"{millis / 1000:.1f}".removesuffix(".0")


def _gib(size: int) -> str:
    return f"{size / 1024**3:.1f}".removesuffix(".0")
