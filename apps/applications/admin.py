from __future__ import annotations

from django.contrib import admin

from apps.applications.models import Application, ApplicationLabel
from apps.audit.operators import TenantAdmin


@admin.register(Application)
class ApplicationAdmin(TenantAdmin):
    list_display = ("organization", "slug", "name", "source_kind", "created_at")
    list_filter = ("source_kind",)


@admin.register(ApplicationLabel)
class ApplicationLabelAdmin(TenantAdmin):
    list_display = ("organization", "application", "key", "value")
