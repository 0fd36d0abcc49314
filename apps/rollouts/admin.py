from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.audit.operators import TenantAdmin
from apps.core.problems import Problem
from apps.rollouts.models import (
    AppliedSet,
    Event,
    InventoryItem,
    JournalEntry,
    PlanRecord,
    Rollout,
    TargetHealth,
    TargetRelease,
)
from apps.rollouts.services import operating

MOST_EVENTS = 200
LATE = timedelta(minutes=3)  # the sweeper looks every two seconds


def stuck_rollouts() -> QuerySet[Rollout]:
    """Under way, and nobody looked for a while after somebody should have."""
    late = timezone.now() - LATE
    rows: QuerySet[Rollout] = Rollout.objects.filter(ended_at__isnull=True).filter(
        Q(next_check_at__lt=late) | Q(next_check_at__isnull=True, created_at__lt=late)
    )
    return rows


class StuckFilter(admin.SimpleListFilter):
    title = "whether it is stuck"
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", f"Late by {LATE.seconds // 60} minutes or more")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Rollout]) -> QuerySet[Rollout]:
        return queryset.filter(pk__in=stuck_rollouts().values("pk")) if self.value() else queryset


@admin.register(Rollout)
class RolloutAdmin(TenantAdmin):
    list_display = (
        "organization",
        "number",
        "application",
        "environment",
        "release",
        "phase",
        "sentence",
        "next_check_at",
        "leased_until",
    )
    list_filter = (StuckFilter, "phase", "kind", "production")
    ordering = ("-created_at",)
    readonly_fields = ("events",)
    actions = ("look_again", "release_lease", "abort")

    @admin.display(description="Events, newest first")
    def events(self, rollout: Rollout) -> SafeString:
        """Their table's key is made of three columns, for which Django's admin has no page."""
        rows = Event.objects.filter(organization_id=rollout.organization_id, rollout_id=rollout.pk).order_by(
            "-number"
        )[:MOST_EVENTS]
        return format_html_join("", "{} · {} · {} · {}<br>", ((e.number, e.at, e.kind, e.body) for e in rows))

    @admin.action(description="Have them looked at now", permissions=["operate"])
    def look_again(self, request: HttpRequest, rows: QuerySet[Rollout]) -> None:
        user: Any = request.user
        self._each(request, rows, lambda row: operating.look_again(user, row.organization_id, row.pk))

    @admin.action(description="Take the lease from the worker that holds it", permissions=["operate"])
    def release_lease(self, request: HttpRequest, rows: QuerySet[Rollout]) -> None:
        user: Any = request.user
        self._each(request, rows, lambda row: operating.release_lease(user, row.organization_id, row.pk))

    @admin.action(description="Abort …", permissions=["operate"])
    def abort(self, request: HttpRequest, rows: QuerySet[Rollout]) -> HttpResponse | None:
        user: Any = request.user
        asked = self.asked_first(
            request,
            rows,
            title="Abort rollouts",
            what_happens="What each has written goes back to what stood before, where there was something. Its "
            "organization reads that an operator of this installation aborted it.",
            button="Abort",
        )
        if asked is None:
            self._each(
                request,
                rows,
                lambda row: operating.abort(user, row.organization_id, row.organization.slug, row.pk),
            )
        return asked

    def stuck(self) -> list[tuple[str, QuerySet[Rollout], str]]:
        return [("Stuck rollouts", stuck_rollouts(), "stuck=yes")]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm("rollouts.change_rollout"))

    def _each(self, request: HttpRequest, rows: QuerySet[Rollout], act: Callable[[Rollout], None]) -> None:
        """One that refuses does not keep the others from it."""
        for row in rows.select_related("organization"):
            try:
                act(row)
            except Problem as problem:
                self.message_user(request, f"#{row.number}: {problem.sentence}", messages.WARNING)
            else:
                self.message_user(request, f"#{row.number}: done.", messages.SUCCESS)


@admin.register(PlanRecord)
class PlanRecordAdmin(TenantAdmin):
    list_display = ("organization", "rollout", "number", "digest", "made_at")


@admin.register(AppliedSet)
class AppliedSetAdmin(TenantAdmin):
    list_display = ("organization", "rollout", "release", "digest", "made_at")


@admin.register(JournalEntry)
class JournalEntryAdmin(TenantAdmin):
    list_display = ("organization", "rollout", "position", "verb", "key", "state", "applied_at")
    list_filter = ("state", "verb")
    ordering = ("-rollout_id", "position")


@admin.register(InventoryItem)
class InventoryItemAdmin(TenantAdmin):
    list_display = ("organization", "target", "key", "versioned", "never_prune")


@admin.register(TargetRelease)
class TargetReleaseAdmin(TenantAdmin):
    list_display = ("organization", "target", "version", "valid_from", "valid_to", "source", "by_label")
    ordering = ("-valid_from",)
    readonly_fields = ("health",)

    @admin.display(description="Health of the target, newest first")
    def health(self, stretch: TargetRelease) -> SafeString:
        rows = TargetHealth.objects.filter(
            organization_id=stretch.organization_id, target_id=stretch.target_id
        ).order_by("-number")[:MOST_EVENTS]
        return format_html_join("", "{} · {} · {}<br>", ((r.since, r.health, r.reason) for r in rows))
