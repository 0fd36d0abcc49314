"""Immutable releases: what was built from which commits, and one rendered set of manifests per environment."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.applications.models import Application
from apps.core.models import TenantManager, TenantModel
from apps.environments.models import Environment


class Release(TenantModel):
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="releases", db_index=False
    )
    number = models.PositiveIntegerField()  # 1, 2, 3 … per application, without gaps
    version = models.CharField(max_length=120)
    base_release = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    line = models.CharField(max_length=60, default="main")
    line_position = models.PositiveIntegerField()
    digest = models.BinaryField()  # SHA-256 over everything below
    branch = models.CharField(max_length=200, blank=True)
    commit_sha = models.CharField(max_length=64, blank=True)
    notes = models.TextField(blank=True)
    configuration = models.JSONField(default=dict)
    sealed_bundle = models.BinaryField()
    bundle_digest = models.CharField(max_length=80)
    source_kind = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now)
    created_by_id = models.UUIDField(null=True)
    created_by_label = models.CharField(max_length=200)

    class Meta(TenantModel.Meta):
        db_table = "release"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "application", "number"], name="release_number"),
            models.UniqueConstraint(
                fields=["organization", "application", "version"], name="release_version"
            ),
            models.UniqueConstraint(
                fields=["organization", "application", "line", "line_position"], name="release_line"
            ),
        ]

    def __str__(self) -> str:
        return self.version


class RenderedSet(TenantModel):
    """The documents of one release for one environment, sealed (they may hold Secrets)."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="rendered", db_index=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, db_index=False)
    digest = models.CharField(max_length=80)
    object_count = models.PositiveIntegerField()
    sealed_documents = models.BinaryField()
    rendered_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        db_table = "rendered_set"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "release", "environment"], name="rendered_set_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.release_id} for {self.environment_id}"


class Artifact(TenantModel):
    """An image; without a digest it is kept as given and shown as "not pinned"."""

    repository = models.CharField(max_length=400)
    tag = models.CharField(max_length=128, blank=True)
    digest = models.BinaryField(null=True)
    first_seen_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        db_table = "artifact"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "repository", "tag", "digest"],
                name="artifact_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"


class ReleaseArtifact(TenantModel):
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="artifacts", db_index=False)
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, db_index=False)
    role = models.CharField(max_length=200)  # which containers run it

    class Meta(TenantModel.Meta):
        db_table = "release_artifact"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "artifact", "release", "role"], name="release_artifact_once"
            )
        ]
        indexes = [models.Index(fields=["organization", "release"], name="release_artifact_release")]

    def __str__(self) -> str:
        return f"{self.release_id} {self.role}"


class Committer(TenantModel):
    email = models.CharField(max_length=254)  # lower case
    name = models.CharField(max_length=200)
    person_id = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        db_table = "committer"
        constraints = [models.UniqueConstraint(fields=["organization", "email"], name="committer_email")]

    def __str__(self) -> str:
        return self.email


class ReleaseCommit(TenantModel):
    """What the release adds to its base release, as the caller reported it; newest first by `position`."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="commits", db_index=False)
    application_id = models.UUIDField()
    line = models.CharField(max_length=60)
    line_position = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    sha = models.BinaryField()
    author_name = models.CharField(max_length=200, blank=True)
    author_email = models.CharField(max_length=254, blank=True)
    committer = models.ForeignKey(Committer, on_delete=models.PROTECT, db_index=False)
    authored_at = models.DateTimeField(null=True)
    committed_at = models.DateTimeField(null=True)
    merged_at = models.DateTimeField(null=True)
    reverts_sha = models.BinaryField(null=True)
    subject = models.CharField(max_length=500)
    issue_keys = ArrayField(models.CharField(max_length=60), default=list)

    class Meta(TenantModel.Meta):
        db_table = "release_commit"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "release", "sha"], name="release_commit_once")
        ]
        indexes = [models.Index(fields=["organization", "sha"], name="release_commit_sha")]

    def __str__(self) -> str:
        return self.subject


class ReleaseIssue(models.Model):
    pk = models.CompositePrimaryKey("organization_id", "issue_key", "release_id")
    organization_id = models.UUIDField()
    issue_key = models.CharField(max_length=60)  # upper case
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="issues", db_index=False)

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        db_table = "release_issue"
        base_manager_name = "objects"
        indexes = [models.Index(fields=["organization_id", "release"], name="release_issue_release")]

    def __str__(self) -> str:
        return self.issue_key
