from __future__ import annotations

from uuid import UUID

from celery import current_app, shared_task

from apps.clusters.services import check_cluster, reachability


@shared_task(name="clusters.check")
def check(organization: str, cluster: str) -> None:
    check_cluster(UUID(organization), UUID(cluster))


@shared_task(name="clusters.check_all")
def check_all() -> None:
    """A task for each, so that one which does not answer holds up no other."""
    for organization_id, cluster_id in reachability.all_clusters():
        arguments = {"organization": str(organization_id), "cluster": str(cluster_id)}
        # A check that waited for longer than the beat's pause is asked again anyway.
        current_app.send_task("clusters.check", kwargs=arguments, expires=60, retry=False)
