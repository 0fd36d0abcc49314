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

    def __str__(self) -> str:
        return self.name
