from __future__ import annotations

from django.contrib import admin

from apps.audit.operators import TenantAdmin
from apps.releases.models import (
    Artifact,
    Committer,
    Release,
    ReleaseArtifact,
    ReleaseCommit,
    ReleaseIssue,
    RenderedSet,
)


@admin.register(Release)
class ReleaseAdmin(TenantAdmin):
    list_display = ("organization", "application", "number", "version", "created_by_label", "created_at")
    ordering = ("-created_at",)
    readonly_fields = ("issue_keys",)

    @admin.display(description="Issues")
    def issue_keys(self, release: Release) -> str:
        """Their table's key is made of three columns, for which Django's admin has no page."""
        rows = ReleaseIssue.objects.filter(release_id=release.pk).order_by("issue_key")
        return ", ".join(rows.values_list("issue_key", flat=True)[:500])


@admin.register(RenderedSet)
class RenderedSetAdmin(TenantAdmin):
    list_display = ("organization", "release", "environment", "object_count", "rendered_at")


@admin.register(Artifact)
class ArtifactAdmin(TenantAdmin):
    list_display = ("organization", "repository", "tag", "first_seen_at")


@admin.register(ReleaseArtifact)
class ReleaseArtifactAdmin(TenantAdmin):
    list_display = ("organization", "release", "artifact", "role")


@admin.register(Committer)
class CommitterAdmin(TenantAdmin):
    list_display = ("organization", "email", "name")


@admin.register(ReleaseCommit)
class ReleaseCommitAdmin(TenantAdmin):
    list_display = ("organization", "release", "subject", "author_name", "committed_at")
    ordering = ("-release_id", "position")
