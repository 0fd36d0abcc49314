from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.applications.choices import SourceKind
from apps.core.models import TenantModel


class Application(TenantModel):
    """Something that is deployed as one."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    repository = models.CharField(max_length=500, blank=True)
    source_kind = models.CharField(max_length=20, choices=SourceKind.choices, default=SourceKind.PLAIN)
    # Kustomize: environment slug → overlay path inside the bundle; {environment} is the default pattern's hole.
    overlay_pattern = models.CharField(max_length=200, default="overlays/{environment}")
    # Paths of fields whose differences are no drift and no change: `Deployment.apps:spec.replicas`.
    ignore_rules = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    require_digests = models.BooleanField(default=False)
    release_number = models.PositiveIntegerField(default=0)  # the last one given; taken under this row's lock
    created_at = models.DateTimeField(default=timezone.now)
    revision = models.PositiveIntegerField(default=1)  # If-Match

    class Meta(TenantModel.Meta):
        db_table = "application"
        constraints = [models.UniqueConstraint(fields=["organization", "slug"], name="application_slug")]
        indexes = [models.Index(fields=["organization", "name", "id"], name="application_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def labels(self) -> dict[str, str]:
        """One query, unless `label_rows` is prefetched."""
        return {row.key: row.value for row in self.label_rows.all()}


class ApplicationLabel(TenantModel):
    """One key and its value. Rows, not a JSON column: under row-level security only plain equality uses an index."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="label_rows", db_index=False
    )
    key = models.CharField(max_length=317)  # a domain of 253, a slash, a name of 63
    value = models.CharField(max_length=63, blank=True)

    class Meta(TenantModel.Meta):
        db_table = "application_label"
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "application", "key"], name="application_label_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["organization", "key", "value", "application"], name="application_label_value"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"
