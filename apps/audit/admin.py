from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.audit import operating
from apps.audit.models import AuditEntry, AuditSeal, OrganizationHead, SigningKey
from apps.audit.operators import TenantAdmin, operator_of
from apps.audit.services import By
from apps.core.models import OutboxMessage
from apps.core.operators.pages import ReadOnlyAdmin
from apps.core.problems import Problem

LATE = timedelta(minutes=3)  # the sweeper sends every two seconds


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


@admin.register(AuditSeal)
class AuditSealAdmin(TenantAdmin):
    list_display = ("organization_id", "number", "at", "key_id")
    ordering = ("-at",)


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    list_display = ("id", "made_at", "retired_at")
    ordering = ("-made_at",)


def late_messages() -> QuerySet[OutboxMessage]:
    rows: QuerySet[OutboxMessage] = OutboxMessage.objects.filter(not_before__lt=timezone.now() - LATE)
    return rows


class LateFilter(admin.SimpleListFilter):
    title = "whether it waits too long"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", f"Late by {LATE.seconds // 60} minutes or more")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
        return queryset.filter(pk__in=late_messages().values("pk")) if self.value() else queryset


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """Here and not in core, since its acts are audited."""

    list_display = ("task", "organization_id", "queue", "not_before")
    list_filter = (LateFilter, "task", "queue")
    ordering = ("not_before",)
    actions = ("send_again", "give_up")

    @admin.action(description="Send again now", permissions=["operate"])
    def send_again(self, request: HttpRequest, rows: QuerySet[OutboxMessage]) -> None:
        for row in rows:
            self._try(request, row, operating.send_again)

    @admin.action(description="Give up …", permissions=["operate"])
    def give_up(self, request: HttpRequest, rows: QuerySet[OutboxMessage]) -> HttpResponse | None:
        asked = self.asked_first(
            request,
            rows,
            title="Give up tasks",
            what_happens="These are not carried out any more. What each was to do stays in its organization’s audit.",
            button="Give up",
        )
        if asked is None:
            for row in rows:
                self._try(request, row, operating.give_up)
        return asked

    def stuck(self) -> list[tuple[str, QuerySet[OutboxMessage], str]]:
        return [("Late tasks", late_messages(), "late=yes")]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm("core.change_outboxmessage"))

    def _try(self, request: HttpRequest, row: OutboxMessage, act: Callable[[By, UUID, UUID], None]) -> None:
        """One that refuses does not keep the others from it."""
        try:
            act(operator_of(request), row.organization_id, row.pk)
        except Problem as problem:
            self.message_user(request, f"{row.task}: {problem.sentence}", messages.WARNING)
        else:
            self.message_user(request, f"{row.task}: done.", messages.SUCCESS)
