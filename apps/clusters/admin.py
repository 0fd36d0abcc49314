from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.audit.operators import TenantAdmin
from apps.clusters.choices import Reachability
from apps.clusters.models import Cluster, WatchShard


@admin.register(Cluster)
class ClusterAdmin(TenantAdmin):
    list_display = ("organization", "slug", "server", "version", "reachability", "checked_at")
    list_filter = ("reachability", "simulated")

    def stuck(self) -> list[tuple[str, QuerySet[Cluster], str]]:
        silent = [Reachability.UNREACHABLE, Reachability.REFUSED]
        rows: QuerySet[Cluster] = Cluster.objects.filter(reachability__in=silent)
        return [("Clusters that do not answer", rows, "reachability__in=unreachable,refused")]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "reachability__in" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]  # the stubs want one


@admin.register(WatchShard)
class WatchShardAdmin(TenantAdmin):
    list_display = ("organization", "cluster", "kinds", "holder", "leased_until", "fence")
