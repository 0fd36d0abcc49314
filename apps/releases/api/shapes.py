from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from apps.releases.models import Release

MOST_COMMITS = 200


class ReleaseShape(TypedDict):
    id: UUID
    application: str
    number: int
    version: str
    digest: str
    branch: str
    commit: str
    created_at: datetime
    created_by: str


class RenderedShape(TypedDict):
    environment: str
    digest: str
    objects: int


class CommitShape(TypedDict):
    sha: str
    subject: str
    author: str
    issue_keys: list[str]


class ArtifactShape(TypedDict):
    repository: str
    tag: str
    digest: str | None
    pinned: bool
    role: str


class ReleaseDetailShape(ReleaseShape):
    notes: str
    configuration: dict[str, Any]
    rendered: list[RenderedShape]
    commits: list[CommitShape]
    artifacts: list[ArtifactShape]


def shape(release: Release) -> ReleaseShape:
    return {
        "id": release.id,
        "application": release.application.slug,
        "number": release.number,
        "version": release.version,
        "digest": f"sha256:{bytes(release.digest).hex()}",
        "branch": release.branch,
        "commit": release.commit_sha,
        "created_at": release.created_at,
        "created_by": release.created_by_label,
    }


def detail(release: Release) -> ReleaseDetailShape:
    """The first 200 commits; the sealed documents are never shown."""
    rendered = (
        release.rendered.select_related("environment")
        .defer("sealed_documents")
        .order_by("environment__position")
    )
    return {
        **shape(release),
        "notes": release.notes,
        "configuration": release.configuration,
        "rendered": [
            {"environment": row.environment.slug, "digest": row.digest, "objects": row.object_count}
            for row in rendered
        ],
        "commits": [
            {
                "sha": bytes(commit.sha).hex(),
                "subject": commit.subject,
                "author": commit.author_name,
                "issue_keys": commit.issue_keys,
            }
            for commit in release.commits.all()[:MOST_COMMITS]
        ],
        "artifacts": [
            {
                "repository": link.artifact.repository,
                "tag": link.artifact.tag,
                "digest": f"sha256:{bytes(link.artifact.digest).hex()}" if link.artifact.digest else None,
                "pinned": link.artifact.digest is not None,
                "role": link.role,
            }
            for link in release.artifacts.select_related("artifact").order_by("artifact__repository", "id")
        ],
    }
