from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.applications.models import Application
from apps.clusters.models import Cluster
from apps.core.models import TenantModel
from apps.environments.choices import DeliveryMode, Strategy, TargetHealthState


class Environment(TenantModel):
    """A named place in promotion order, with its policy."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    position = models.PositiveIntegerField()
    production = models.BooleanField(default=False)
    delivery_mode = models.CharField(max_length=20, choices=DeliveryMode.choices, default=DeliveryMode.MANUAL)
    approvals_needed = models.PositiveSmallIntegerField(default=0)
    approval_rules = models.JSONField(default=dict, blank=True)  # apps.environments.rules; {}: the defaults
    strategy = models.CharField(max_length=20, choices=Strategy.choices, default=Strategy.ROLLING)
    namespace_template = models.CharField(max_length=100, default="{application}-{environment}")
    allowed_namespaces = ArrayField(models.CharField(max_length=63), default=list, blank=True)
    allowed_cluster_kinds = ArrayField(
        models.CharField(max_length=120), default=list, blank=True
    )  # "Kind.group"
    progress_deadline_seconds = models.PositiveIntegerField(default=600)
    bake_seconds = models.PositiveIntegerField(default=0)
    wait_for_addresses = models.BooleanField(default=False)
    delete_limit = models.PositiveIntegerField(default=10)  # a plan that deletes more wants the number typed
    created_at = models.DateTimeField(default=timezone.now)
    revision = models.PositiveIntegerField(default=1)  # If-Match
    clusters = models.ManyToManyField(Cluster, through="EnvironmentCluster", related_name="environments")

    class Meta(TenantModel.Meta):
        db_table = "environment"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "slug"], name="environment_slug"),
            models.UniqueConstraint(
                fields=["organization", "position"],
                name="environment_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=~models.Q(delivery_mode="approve") | models.Q(approvals_needed__gte=1),
                name="environment_approve_needs_approvals",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EnvironmentCluster(TenantModel):
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT)

    class Meta(TenantModel.Meta):
        db_table = "environment_cluster"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "environment", "cluster"], name="environment_cluster_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.environment_id} on {self.cluster_id}"


class Target(TenantModel):
    """Application × environment × cluster, and a copy of what is live there now (written by the one function only).

    Phase and health stay out of every index, so that their updates stay HOT.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, db_index=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, db_index=False)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, db_index=False)
    namespace = models.CharField(max_length=63)
    created_namespace = models.BooleanField(default=False)
    image_overrides = models.JSONField(default=dict)  # repository → image by digest
    live_release_id = models.UUIDField(null=True)
    live_number = models.PositiveIntegerField(null=True)
    live_version = models.CharField(max_length=120, null=True)
    live_rollout_id = models.UUIDField(null=True)
    live_since = models.DateTimeField(null=True)
    live_by_id = models.UUIDField(null=True)
    live_by_label = models.CharField(max_length=200, null=True)
    active_rollout_id = models.UUIDField(null=True)
    active_phase = models.CharField(max_length=20, null=True)
    health = models.CharField(
        max_length=20, choices=TargetHealthState.choices, default=TargetHealthState.UNKNOWN
    )
    health_since = models.DateTimeField(null=True)
    health_number = models.BigIntegerField(default=0)
    needs_person_since = models.DateTimeField(null=True)
    needs_person_sentence = models.CharField(max_length=500, blank=True)
    last_rollout_number = models.PositiveIntegerField(null=True)  # the newest, whatever became of it
    last_phase = models.CharField(max_length=20, null=True)
    removed_at = models.DateTimeField(null=True)
    # Something is wrong here. A column of its own, since an index over health or phase would end HOT updates: this
    # one changes only when it turns bad or good again.
    troubled = models.GeneratedField(
        expression=models.Q(removed_at__isnull=True)  # type: ignore[arg-type]  # the stubs know no condition here
        & (
            models.Q(needs_person_since__isnull=False)
            | models.Q(health__in=["degraded", "missing"])
            | models.Q(last_phase__isnull=False, last_phase__in=["failed", "errored"])
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta(TenantModel.Meta):
        db_table = "target"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "application", "environment", "cluster"], name="target_place"
            ),
            models.CheckConstraint(
                condition=models.Q(live_release_id__isnull=True, live_since__isnull=True)
                | models.Q(live_release_id__isnull=False, live_since__isnull=False),
                name="target_live_since",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "live_release_id"],
                condition=models.Q(live_release_id__isnull=False),
                name="target_live",
            ),
            models.Index(
                fields=["organization", "application"],
                condition=models.Q(troubled=True),
                name="target_troubled",
            ),
            # How far each environment is behind the one before, without touching the rows.
            models.Index(
                fields=["organization", "application", "environment"],
                include=["live_number"],
                condition=models.Q(removed_at__isnull=True, live_number__isnull=False),
                name="target_numbers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} in {self.environment_id}"
