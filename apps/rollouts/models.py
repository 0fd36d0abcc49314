"""Rollouts, their plans, journals and events, and what stood where from when to when."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from apps.applications.models import Application
from apps.core.models import TenantManager, TenantModel
from apps.environments.models import Environment, Target
from apps.releases.models import Release
from apps.rollouts.choices import JournalState, KindChoice, PhaseChoice

_ENDED = ["succeeded", "failed", "errored", "aborted", "superseded"]


class Rollout(TenantModel):
    """One release being put on one target. `id` is a UUIDv7: its time places its events."""

    as_of: datetime | None = None  # set on a copy that stands for an earlier moment, never stored

    number = models.PositiveIntegerField()  # per organization, for people
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="rollouts", db_index=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, db_index=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, db_index=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="rollouts", db_index=False)
    from_release = models.ForeignKey(
        Release, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    from_number = models.PositiveIntegerField(null=True)
    kind = models.CharField(max_length=20, choices=KindChoice.choices)
    undoes = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="ways_back", db_index=False
    )
    automatic = models.BooleanField(default=False)  # started by a policy, not by a person
    phase = models.CharField(max_length=20, choices=PhaseChoice.choices, default=PhaseChoice.PENDING)
    phase_since = models.DateTimeField(default=timezone.now)
    sentence = models.CharField(max_length=1000, blank=True)  # what it waits for or does, in one sentence
    reasons = models.JSONField(default=list)  # the gates' answers, as stored last
    next_check_at = models.DateTimeField(null=True)

    # As they were at the start: later edits of the environment or of people do not rewrite history.
    requested_by_id = models.UUIDField(null=True)
    requested_by_label = models.CharField(max_length=200)
    why = models.TextField(blank=True)
    team_id = models.UUIDField(null=True)
    production = models.BooleanField()
    approvals_needed = models.PositiveSmallIntegerField(default=0)
    policy = models.JSONField(default=dict)  # strategy, deadlines, bake, limits at the start

    # The plan that is in force.
    plan_digest = models.CharField(max_length=80, blank=True)
    plan_number = models.PositiveIntegerField(default=0)
    plan_wanted = models.BooleanField(default=True)
    planned_at = models.DateTimeField(null=True)
    way_back_release = models.ForeignKey(
        Release, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    confirmed_deletions = models.PositiveIntegerField(null=True)

    # Progress.
    step = models.PositiveSmallIntegerField(default=0)
    step_since = models.DateTimeField(null=True)
    progress = models.JSONField(default=dict)  # objects and pods as last assessed, for pages and `explain`
    deadline_at = models.DateTimeField(null=True)
    standing_still_since = models.DateTimeField(
        null=True
    )  # paused or the API does not answer: deadlines wait
    unreachable_since = models.DateTimeField(null=True)
    bake_until = models.DateTimeField(null=True)

    # What people asked for, carried out by the next `advance`.
    abort_requested_at = models.DateTimeField(null=True)
    abort_requested_by_id = models.UUIDField(null=True)
    abort_requested_by_label = models.CharField(max_length=200, blank=True)
    stop_requested_at = models.DateTimeField(null=True)
    pause_requested_at = models.DateTimeField(null=True)
    superseded_by_label = models.CharField(max_length=200, blank=True)

    # The lease: at most one worker advances it, and a fenced-out one cannot write.
    fence = models.BigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    woken = models.BooleanField(default=False)

    event_number = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    slot_at = models.DateTimeField(null=True)
    first_write_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=1000, null=True)
    counts_as_failure = models.BooleanField(null=True)
    failure_marked_by = models.CharField(max_length=200, null=True)

    class Meta(TenantModel.Meta):
        db_table = "rollout"
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="rollout_number"),
            models.UniqueConstraint(
                fields=["organization", "target"],
                condition=models.Q(phase__in=["progressing", "paused", "verifying"]),
                name="rollout_active",
            ),
            models.UniqueConstraint(
                fields=["organization", "target"],
                condition=models.Q(phase__in=["pending", "waiting"]),
                name="rollout_next",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=False, phase__in=_ENDED)
                | (models.Q(ended_at__isnull=True) & ~models.Q(phase__in=_ENDED)),
                name="rollout_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "target", "-created_at"], name="rollout_target"),
            models.Index(
                fields=["organization", "target", "-slot_at"],
                condition=models.Q(slot_at__isnull=False),
                name="rollout_slot",
            ),
            models.Index(fields=["organization", "release", "-created_at"], name="rollout_release"),
            models.Index(
                fields=["organization", "application", "-created_at", "-id"], name="rollout_application"
            ),
            models.Index(
                fields=["next_check_at"], condition=models.Q(ended_at__isnull=True), name="rollout_due"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


class PlanRecord(TenantModel):
    """A plan as people saw it; kept for ever, since approvals name its digest."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="plans", db_index=False)
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=80)
    body = models.JSONField()  # engine.plans: Plan.to_json(); Secret values are digests
    made_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        db_table = "plan"
        constraints = [
            models.UniqueConstraint(fields=["organization", "rollout", "number"], name="plan_number")
        ]

    def __str__(self) -> str:
        return f"{self.rollout_id} plan {self.number}"


class AppliedSet(TenantModel):
    """The exact manifests that a rollout sends, in order, sealed: what a rollback applies again."""

    rollout = models.OneToOneField(Rollout, on_delete=models.CASCADE, related_name="applied_set")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", db_index=False)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=80)
    sealed_objects = models.BinaryField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        db_table = "applied_set"
        indexes = [models.Index(fields=["organization", "target", "release"], name="applied_set_release")]

    def __str__(self) -> str:
        return f"{self.rollout_id}"


class JournalEntry(TenantModel):
    """One object of the plan in force, with its before and after, so that a half-done apply resumes."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="journal", db_index=False)
    position = models.PositiveIntegerField()
    step = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=500)
    verb = models.CharField(max_length=20)
    uid = models.CharField(max_length=64, blank=True)
    before_version = models.CharField(max_length=64, blank=True)  # resourceVersion the plan saw
    changes = models.JSONField(default=list)  # field changes before → after
    state = models.CharField(max_length=20, choices=JournalState.choices, default=JournalState.PLANNED)
    sentence = models.CharField(max_length=1000, blank=True)
    applied_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        db_table = "journal_entry"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "rollout", "position"], name="journal_position")
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.verb} {self.key}"


class InventoryItem(TenantModel):
    """An object that stands on the target because of us: what prune compares a new release with."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="inventory", db_index=False)
    key = models.CharField(max_length=500)
    uid = models.CharField(max_length=64)
    rollout_id = models.UUIDField()
    versioned = models.BooleanField(default=False)
    never_prune = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        db_table = "inventory_item"
        constraints = [
            models.UniqueConstraint(fields=["organization", "target", "key"], name="inventory_key")
        ]

    def __str__(self) -> str:
        return self.key


class Event(models.Model):
    """A numbered fact about a rollout. Partitioned by the rollout's id, month by month; no model knows the partitions."""

    pk = models.CompositePrimaryKey("organization_id", "rollout_id", "number")
    organization_id = models.UUIDField()
    rollout_id = models.UUIDField()
    number = models.IntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    body = models.JSONField()

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        db_table = "event"
        base_manager_name = "objects"
        managed = False
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class TargetRelease(TenantModel):
    """A stretch: one release stands on one target from … to. Never edited but to close or to void it."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="stretches", db_index=False)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)  # NULL = still
    application_id = models.UUIDField()
    environment_id = models.UUIDField()
    cluster_id = models.UUIDField()
    release = models.ForeignKey(
        Release, on_delete=models.PROTECT, null=True, related_name="stretches", db_index=False
    )
    number = models.PositiveIntegerField(null=True)
    line = models.CharField(max_length=60, null=True)
    line_position = models.PositiveIntegerField(null=True)
    version = models.CharField(max_length=120, null=True)
    from_release_id = models.UUIDField(null=True)
    from_number = models.PositiveIntegerField(null=True)
    rollout_id = models.UUIDField(null=True)
    by_id = models.UUIDField(null=True)
    by_label = models.CharField(max_length=200)
    source = models.CharField(max_length=20)  # rollout, found, correction
    recorded_at = models.DateTimeField(default=timezone.now)
    voided_at = models.DateTimeField(null=True)
    void_reason = models.TextField(null=True)

    class Meta(TenantModel.Meta):
        db_table = "target_release"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "target", "valid_from"],
                condition=models.Q(voided_at__isnull=True),
                name="target_release_at",
            ),
            models.UniqueConstraint(
                fields=["organization", "target"],
                condition=models.Q(valid_to__isnull=True, voided_at__isnull=True),
                name="target_release_open",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=models.F("valid_from")),
                name="target_release_forward",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "release", "-valid_from", "-id"],
                condition=models.Q(voided_at__isnull=True),
                name="target_release_release",
            ),
            models.Index(
                fields=["organization", "application_id", "-valid_from", "-id"],
                condition=models.Q(voided_at__isnull=True),
                name="target_release_application",
            ),
            models.Index(
                fields=["organization", "environment_id", "valid_from"],
                include=["target"],
                condition=models.Q(voided_at__isnull=True),
                name="target_release_environment",
            ),
            models.Index(
                fields=["organization", "-valid_from", "-id"],
                condition=models.Q(voided_at__isnull=True),
                name="target_release_recent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} on {self.target_id}"


class TargetHealth(models.Model):
    """Changes of a target's health, debounced."""

    pk = models.CompositePrimaryKey("organization_id", "target_id", "number")
    organization_id = models.UUIDField()
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.BigIntegerField()
    since = models.DateTimeField()
    health = models.CharField(max_length=20)
    reason = models.CharField(max_length=500, blank=True)

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        db_table = "target_health"
        base_manager_name = "objects"
        indexes = [
            models.Index(
                fields=["organization_id", "target", "-since", "-number"],
                include=["health"],
                name="target_health_at",
            )
        ]

    def __str__(self) -> str:
        return f"{self.target_id} {self.health}"
