from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet

from apps.audit.operators import TenantAdmin
from apps.environments.models import Environment, EnvironmentCluster, Target


@admin.register(Environment)
class EnvironmentAdmin(TenantAdmin):
    list_display = ("organization", "slug", "position", "delivery_mode", "approvals_needed", "production")
    list_filter = ("delivery_mode", "production")


@admin.register(EnvironmentCluster)
class EnvironmentClusterAdmin(TenantAdmin):
    list_display = ("organization", "environment", "cluster")


@admin.register(Target)
class TargetAdmin(TenantAdmin):
    list_display = (
        "organization",
        "application",
        "environment",
        "cluster",
        "live_version",
        "active_phase",
        "health",
    )
    list_filter = ("health", "active_phase", ("needs_person_since", admin.EmptyFieldListFilter))

    def stuck(self) -> list[tuple[str, QuerySet[Target], str]]:
        rows: QuerySet[Target] = Target.objects.filter(
            needs_person_since__isnull=False, removed_at__isnull=True
        )
        return [("Targets that need a person", rows, "needs_person_since__isempty=0")]
