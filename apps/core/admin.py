from __future__ import annotations

from typing import Any

from django.contrib import admin
from django_celery_beat.models import PeriodicTask

from apps.core.operators.pages import ReadOnlyAdmin


@admin.register(PeriodicTask)
class TickAdmin(ReadOnlyAdmin):
    """The installation's own ticks, as `ensure_schedule` wrote them; it writes them anew at every start. Tenants'
    schedules are rows of their own."""

    list_display = ("name", "task", "every", "enabled", "last_run_at", "total_run_count")
    list_filter = ("enabled",)
    ordering = ("name",)
    list_select_related = ("interval", "crontab", "solar", "clocked")

    def get_list_select_related(self, request: Any) -> tuple[str, ...]:
        return self.list_select_related

    @admin.display(description="When")
    def every(self, task: Any) -> str:
        return str(task.schedule_str if hasattr(task, "schedule_str") else task.scheduler)
