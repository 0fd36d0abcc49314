from __future__ import annotations

from django.contrib import admin

from apps.core.models import OutboxMessage
from apps.core.operators.pages import ReadOnlyAdmin


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    list_display = ("task", "organization_id", "queue", "not_before")
    list_filter = ("task", "queue")
    ordering = ("not_before",)
