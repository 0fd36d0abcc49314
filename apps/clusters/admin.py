from __future__ import annotations

from django.contrib import admin

from apps.audit.operators import TenantAdmin
from apps.clusters.models import Cluster, WatchShard


@admin.register(Cluster)
class ClusterAdmin(TenantAdmin):
    list_display = ("organization", "slug", "server", "version", "reachability", "checked_at")
    list_filter = ("reachability", "simulated")


@admin.register(WatchShard)
class WatchShardAdmin(TenantAdmin):
    list_display = ("organization", "cluster", "kinds", "holder", "leased_until", "fence")
