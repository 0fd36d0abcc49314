from __future__ import annotations

from django.contrib import admin

from apps.audit.operators import TenantAdmin
from apps.dashboard.models import SavedView


@admin.register(SavedView)
class SavedViewAdmin(TenantAdmin):
    list_display = ("organization", "name", "person_label", "shared", "created_at")
