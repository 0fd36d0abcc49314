from __future__ import annotations

from django.contrib import admin

from apps.approvals.models import Approval
from apps.audit.operators import TenantAdmin


@admin.register(Approval)
class ApprovalAdmin(TenantAdmin):
    list_display = ("organization", "rollout", "person_label", "approved", "plan_digest", "decided_at")
    list_filter = ("approved",)
