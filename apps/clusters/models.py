from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.clusters.choices import Reachability
from apps.core.models import TenantModel


class Cluster(TenantModel):
    """A Kubernetes API endpoint and its encrypted credentials (a parsed `Access`, never a kubeconfig)."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    server = models.CharField(max_length=500)
    sealed_access = models.BinaryField()
    access_changed_at = models.DateTimeField(default=timezone.now)
    simulated = models.BooleanField(default=False)
    reachability = models.CharField(max_length=20, choices=Reachability.choices, default=Reachability.UNKNOWN)
    reachability_sentence = models.CharField(max_length=500, blank=True)
    reachability_since = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    version = models.CharField(max_length=60, blank=True)
    served_kinds = ArrayField(models.CharField(max_length=200), default=list)
    created_at = models.DateTimeField(default=timezone.now)
    revision = models.PositiveIntegerField(default=1)  # If-Match

    class Meta(TenantModel.Meta):
        db_table = "cluster"
        constraints = [models.UniqueConstraint(fields=["organization", "slug"], name="cluster_slug")]

    def __str__(self) -> str:
        return self.name


class WatchShard(TenantModel):
    """A cluster and a group of kinds, leased by one watcher process; handed over when the lease runs out."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="shards")
    kinds = models.CharField(max_length=40)
    holder = models.CharField(max_length=120, blank=True)
    leased_until = models.DateTimeField(default=timezone.now)
    fence = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        db_table = "watch_shard"
        constraints = [
            models.UniqueConstraint(fields=["organization", "cluster", "kinds"], name="watch_shard_once")
        ]

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.kinds}"
