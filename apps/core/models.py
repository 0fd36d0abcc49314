"""What every tenant table has, and the outbox."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import sql
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from apps.core import scopes
from apps.core.ids import uuid7

M = TypeVar("M", bound=models.Model)


class TenantQuery(sql.Query):
    """Refuses at the moment when SQL would run, not when a queryset is built: `queryset = X.objects.all()` in a
    class body must work."""

    def get_compiler(
        self, using: str | None = None, connection: Any = None, elide_empty: bool = True
    ) -> SQLCompiler:
        scopes.require()
        compiler: SQLCompiler = super().get_compiler(using, connection, elide_empty)
        return compiler


class TenantQuerySet(models.QuerySet[M]):
    def __init__(
        self, model: Any = None, query: Any = None, using: str | None = None, hints: Any = None
    ) -> None:
        super().__init__(model, TenantQuery(model) if query is None else query, using, hints)


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]  # from_queryset is untyped
    pass


class TenantModel(models.Model):
    """A row of one organization. `Wall(...)` in the migration gives its table row-level security, grants,
    the unique (organization, id) and composite foreign keys."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        "organizations.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"


class OutboxMessage(models.Model):
    """A task to be sent after commit. Written with the change that asks for it; deleted once the broker has it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization_id = models.UUIDField()
    task = models.CharField(max_length=120)
    arguments = models.JSONField(default=dict)
    queue = models.CharField(max_length=40, blank=True)
    not_before = models.DateTimeField()

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        db_table = "outbox"
        base_manager_name = "objects"
        indexes = [models.Index(fields=["not_before"], name="outbox_due")]

    def __str__(self) -> str:
        return self.task


class IdempotencyKey(models.Model):
    """A write that was answered: the same key, actor, route and body get the same answer again."""

    pk = models.CompositePrimaryKey("organization_id", "actor_id", "key")
    organization_id = models.UUIDField()
    actor_id = models.UUIDField()
    key = models.CharField(max_length=120)
    fingerprint = models.BinaryField()  # route and body
    status = models.PositiveSmallIntegerField(null=True)  # None: the first one is still being answered
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        db_table = "idempotency_key"
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.key
