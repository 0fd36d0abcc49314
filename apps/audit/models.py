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
            models.Index(fields=["organization_id", "action", "number"], name="audit_entry_action"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.object_label}"


class SigningKey(models.Model):
    """One of the installation's Ed25519 keys. Retired ones stay: what they signed is checked with them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    public = models.BinaryField()  # 32 bytes
    sealed_private = models.BinaryField()
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "audit_signing_key"
        constraints = [
            # One that is not retired at any time; two are not retired in one microsecond.
            models.UniqueConstraint(
                fields=["retired_at"], name="audit_signing_key_one_in_use", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class AuditSeal(models.Model):
    """A signature under the chain as it ended then: without the key nobody can put another one in its place."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization_id = models.UUIDField()
    number = models.BigIntegerField()
    hash = models.BinaryField()
    at = models.DateTimeField()
    key_id = models.UUIDField()
    signature = models.BinaryField()

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        db_table = "audit_seal"
        base_manager_name = "objects"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "number"], name="audit_seal_number")
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} at {self.number}"


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
