"""Everything that changes a cluster's rows."""

from apps.clusters.services.capacity import Capacity, capacity_of
from apps.clusters.services.credentials import add_cluster, change_credentials, connect, server_facts
from apps.clusters.services.reachability import check_cluster

__all__ = [
    "Capacity",
    "add_cluster",
    "capacity_of",
    "change_credentials",
    "check_cluster",
    "connect",
    "server_facts",
]
