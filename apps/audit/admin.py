from __future__ import annotations

import json

from django.contrib import admin

from apps.audit.models import AuditEntry, OrganizationHead
from apps.audit.operators import TenantAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(TenantAdmin):
    list_display = ("organization_id", "number", "at", "actor_label", "channel", "action", "object_label")
    list_filter = ("channel", "actor_kind")
    readonly_fields = ("content", "chained")
    ordering = ("-at", "-number")

    @admin.display(description="As it was hashed")
    def content(self, entry: AuditEntry) -> str:
        return json.dumps(json.loads(bytes(entry.canonical)), indent=2, ensure_ascii=False)

    @admin.display(description="Hash")
    def chained(self, entry: AuditEntry) -> str:
        return bytes(entry.hash).hex()


@admin.register(OrganizationHead)
class OrganizationHeadAdmin(TenantAdmin):
    list_display = ("organization_id", "audit_number", "activity_number", "rollout_number")
