from __future__ import annotations

from django.contrib import admin

from apps.approvals.models import Approval, Delegation, Override
from apps.audit.operators import TenantAdmin


@admin.register(Approval)
class ApprovalAdmin(TenantAdmin):
    list_display = ("organization", "rollout", "person_label", "approved", "plan_digest", "decided_at")
    list_filter = ("approved",)


@admin.register(Override)
class OverrideAdmin(TenantAdmin):
    list_display = (
        "organization",
        "rollout",
        "kind",
        "by_label",
        "at",
        "review_due_at",
        "reviewed_at",
        "justified",
    )
    list_filter = ("kind", "justified")


@admin.register(Delegation)
class DelegationAdmin(TenantAdmin):
    list_display = ("organization", "giver", "holder", "created_at", "ends_at", "ended_at")
