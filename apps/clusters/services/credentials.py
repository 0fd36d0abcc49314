"""A cluster's credentials, and the connection that they open."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.audit.services import Audit, Happening, record
from apps.clusters.models import Cluster
from apps.core.encryption import open_json, seal_json
from apps.core.problems import Conflict, Invalid
from apps.core.revisions import check_revision
from apps.core.slugs import checked_slug
from apps.organizations.access import Actor, Right, authorize
from slipway import wiring
from slipway.ports import clusters as port

_SEALED = "cluster.sealed_access"


def add_cluster(actor: Actor, *, slug: str, name: str, kubeconfig: str, context: str = "") -> Cluster:
    """The kubeconfig is parsed by us and thrown away; what is kept is the server, its CA and a token or certificate."""
    authorize(actor, Right.CONFIGURE)
    checked_slug(slug)
    access = _parsed(kubeconfig, context)
    with transaction.atomic():
        if Cluster.objects.filter(slug=slug).exists():
            raise Conflict(f"There is a cluster called {slug} already.")
        cluster: Cluster = Cluster.objects.create(
            organization_id=actor.organization_id,
            slug=slug,
            name=name or slug,
            server=access.server,
            sealed_access=seal_json(asdict(access), context=_SEALED),
        )
        record(
            actor.by,
            audits=[
                Audit("cluster.add", "cluster", cluster.name, cluster.id, after={"server": cluster.server})
            ],
            happenings=[Happening("cluster.added", body={"label": cluster.name, "slug": cluster.slug})],
        )
    return cluster


def change_credentials(
    actor: Actor, cluster: Cluster, *, kubeconfig: str, context: str = "", seen: int | None = None
) -> Cluster:
    authorize(actor, Right.CONFIGURE)
    access = _parsed(kubeconfig, context)
    with transaction.atomic():
        cluster = Cluster.objects.select_for_update().get(id=cluster.id)
        check_revision(cluster, seen)
        before = cluster.server
        cluster.server = access.server
        cluster.sealed_access = seal_json(asdict(access), context=_SEALED)
        cluster.access_changed_at = timezone.now()
        cluster.revision += 1
        cluster.save()
        audit = Audit(
            "cluster.credentials",
            "cluster",
            cluster.name,
            cluster.id,
            before={"server": before},
            after={"server": access.server},
        )
        record(actor.by, audits=[audit])
    return cluster


def connect(cluster: Cluster) -> port.Cluster:
    """The cluster behind its port; the adapter keeps one pool per cluster and credentials."""
    access = open_json(bytes(cluster.sealed_access), context=_SEALED)
    access["addresses"] = tuple(access["addresses"])
    return wiring.clusters().connect(str(cluster.id), port.Access(**access))


def _parsed(kubeconfig: str, context: str) -> port.Access:
    try:
        return wiring.clusters().parse_kubeconfig(kubeconfig, context=context)
    except port.BadKubeconfig as error:
        raise Invalid(str(error), fields={"kubeconfig": str(error)}) from error


def server_facts(cluster: Cluster) -> dict[str, Any]:
    """What may be shown of a cluster: never its credentials."""
    return {
        "slug": cluster.slug,
        "server": cluster.server,
        "version": cluster.version,
        "simulated": cluster.simulated,
        "reachability": cluster.reachability,
        "sentence": cluster.reachability_sentence,
    }
