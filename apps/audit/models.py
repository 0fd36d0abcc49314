"""Who did what, hash-chained per organization, and the feed of what happened. Neither names another table by a
foreign key: both outlive what they speak of."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from apps.core.ids import uuid7
from apps.core.models import TenantManager


class OrganizationHead(models.Model):
    """The next numbers and the last hash; locked as the last statement before a commit, never before."""

    organization_id = models.UUIDField(primary_key=True)
    audit_number = models.BigIntegerField(default=0)
    audit_hash = models.BinaryField(default=b"")
    activity_number = models.BigIntegerField(default=0)
    rollout_number = models.PositiveIntegerField(default=0)

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        db_table = "organization_head"
        base_manager_name = "objects"

    def __str__(self) -> str:
        return str(self.organization_id)


class AuditEntry(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization_id = models.UUIDField()
    number = models.BigIntegerField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=200)
    channel = models.CharField(max_length=20)  # ui, api, admin, task, command
    address = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=80)
    object_kind = models.CharField(max_length=40)
    object_id = models.UUIDField(null=True)
    object_label = models.CharField(max_length=300)
    why = models.TextField(blank=True)
    # The bytes that were hashed: JSON with sorted keys. jsonb would reorder them.
    canonical = models.BinaryField()
    previous_hash = models.BinaryField()
    hash = models.BinaryField()

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        db_table = "audit_entry"
        base_manager_name = "objects"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "number"], name="audit_entry_number")
        ]
        indexes = [
            models.Index(fields=["organization_id", "object_id", "number"], name="audit_entry_object"),
            models.Index(fields=["organization_id", "actor_id", "number"], name="audit_entry_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.object_label}"


class Activity(models.Model):
    """The organization's feed, and the history of phases that outlives a rollout's events."""

    pk = models.CompositePrimaryKey("organization_id", "number")
    organization_id = models.UUIDField()
    number = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    rollout_id = models.UUIDField(null=True)
    application_id = models.UUIDField(null=True)
    environment_id = models.UUIDField(null=True)
    phase = models.CharField(max_length=20, null=True)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=200)
    body = models.JSONField(default=dict)

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        db_table = "activity"
        base_manager_name = "objects"
        ordering = ["-number"]
        indexes = [
            models.Index(
                fields=["organization_id", "rollout_id", "number"],
                include=["phase", "at"],
                condition=models.Q(rollout_id__isnull=False),
                name="activity_rollout",
            ),
            models.Index(
                fields=["organization_id", "application_id", "number"],
                condition=models.Q(application_id__isnull=False),
                name="activity_application",
            ),
            models.Index(fields=["organization_id", "at"], name="activity_at"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"
