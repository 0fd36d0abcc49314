"""A commit that passed its tests becomes an immutable release."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.applications.models import Application
from apps.audit.services import Audit, Happening, record
from apps.core import outbox
from apps.core.problems import Conflict, Invalid
from apps.environments.models import Environment
from apps.environments.services import ensure_targets
from apps.organizations.access import Actor, Right, authorize
from apps.releases.models import Artifact, Committer, Release, ReleaseArtifact, ReleaseCommit, ReleaseIssue
from apps.releases.services.documents import render, seal_bundle, store_rendered
from apps.releases.services.reports import Commit, checked_commits, images_in
from slipway.engine.manifests import ImageReference, content_digest
from slipway.engine.objects import Manifest
from slipway.ports.sources import bundle_digest

RELEASE_MADE = "pipelines.release_made"


@dataclass(frozen=True, slots=True)
class Made:
    """`created` is False when exactly this release was there already."""

    release: Release
    created: bool


def create_release(
    actor: Actor,
    application: Application,
    *,
    version: str,
    bundle: Mapping[str, bytes],
    commits: Sequence[Mapping[str, Any]] = (),
    branch: str = "",
    configuration: Mapping[str, Any] | None = None,
    notes: str = "",
) -> Made:
    """Renders the bundle for every environment, then writes everything at once. Raises Invalid, Conflict, Forbidden."""
    authorize(actor, Right.MAKE_RELEASE)
    version = _checked_version(version)
    reported = checked_commits(commits)
    environments = list(Environment.objects.order_by("position"))
    rendered = {environment: render(application, bundle, environment) for environment in environments}
    if not environments:
        raise Invalid("Make an environment first: a release is rendered for each of them.")
    source_digest = bundle_digest(bundle)
    digest = _digest(version, source_digest, rendered, reported, configuration or {})

    with transaction.atomic():
        locked: Application = Application.objects.select_for_update().get(id=application.id)
        known = (
            Release.objects.filter(application_id=locked.id, version=version)
            .select_related("application")
            .first()
        )
        if known is not None:
            if bytes(known.digest) == digest:
                return Made(known, created=False)
            raise Conflict(
                f"{locked.slug} has a release {version} already, with other content. A release never changes."
            )
        base = (
            Release.objects.filter(application_id=locked.id, line="main").order_by("-line_position").first()
        )
        locked.release_number += 1
        locked.save(update_fields=["release_number"])
        release = Release.objects.create(
            organization_id=actor.organization_id,
            application=locked,
            number=locked.release_number,
            version=version,
            base_release=base,
            line_position=base.line_position + 1 if base else 1,
            digest=digest,
            branch=branch[:200],
            commit_sha=reported[0].sha if reported else "",
            notes=notes,
            configuration=dict(configuration or {}),
            sealed_bundle=seal_bundle(bundle),
            bundle_digest=source_digest,
            source_kind=locked.source_kind,
            created_by_id=actor.user_id,
            created_by_label=actor.label,
        )
        for environment, documents in rendered.items():
            store_rendered(release, environment, documents)
        _store_commits(release, reported)
        _store_artifacts(release, images_in(rendered.values()))
        ensure_targets(locked)
        outbox.send(RELEASE_MADE, release=release.id)
        after = {
            "version": version,
            "number": release.number,
            "digest": digest.hex(),
            "commits": len(reported),
        }
        record(
            actor.by,
            audits=[Audit("release.create", "release", f"{locked.slug} {version}", release.id, after=after)],
            happenings=[
                Happening(
                    "release.created",
                    application_id=locked.id,
                    body={"label": f"{locked.slug} {version}", "commits": len(reported)},
                )
            ],
        )
    return Made(release, created=True)


def _checked_version(version: str) -> str:
    version = version.strip()
    if (
        not version
        or len(version) > 120
        or any(character.isspace() or not character.isprintable() for character in version)
    ):
        sentence = "A version is 1 to 120 visible characters without spaces."
        raise Invalid(sentence, fields={"version": sentence})
    return version


def _digest(
    version: str,
    source_digest: str,
    rendered: Mapping[Environment, tuple[Manifest, ...]],
    commits: Sequence[Commit],
    configuration: Mapping[str, Any],
) -> bytes:
    content = {
        "version": version,
        "bundle": source_digest,
        "rendered": {
            environment.slug: content_digest(documents) for environment, documents in rendered.items()
        },
        "commits": [commit.sha for commit in commits],
        "configuration": configuration,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).digest()


def _store_commits(release: Release, commits: Sequence[Commit]) -> None:
    emails = {commit.committer_email or commit.author_email: commit.committer_name for commit in commits}
    Committer.objects.bulk_create(
        [
            Committer(organization_id=release.organization_id, email=email, name=name)
            for email, name in emails.items()
        ],
        ignore_conflicts=True,
    )
    committers = {row.email: row for row in Committer.objects.filter(email__in=list(emails))}
    ReleaseCommit.objects.bulk_create(
        ReleaseCommit(
            organization_id=release.organization_id,
            release=release,
            application_id=release.application_id,
            line=release.line,
            line_position=release.line_position,
            position=position,
            sha=bytes.fromhex(commit.sha),
            author_name=commit.author_name,
            author_email=commit.author_email,
            committer=committers[commit.committer_email or commit.author_email],
            authored_at=commit.authored_at,
            committed_at=commit.committed_at,
            merged_at=commit.merged_at,
            subject=commit.subject,
            issue_keys=list(commit.issue_keys),
        )
        for position, commit in enumerate(commits)
    )
    keys = sorted({key for commit in commits for key in commit.issue_keys})
    ReleaseIssue.objects.bulk_create(
        ReleaseIssue(organization_id=release.organization_id, issue_key=key, release=release) for key in keys
    )


def _store_artifacts(release: Release, images: Mapping[ImageReference, set[str]]) -> None:
    for image, containers in images.items():
        artifact, _ = Artifact.objects.get_or_create(
            organization_id=release.organization_id,
            repository=image.repository,
            tag=image.tag,
            digest=bytes.fromhex(image.digest.removeprefix("sha256:")) if image.digest else None,
        )
        ReleaseArtifact.objects.create(
            organization_id=release.organization_id,
            release=release,
            artifact=artifact,
            role=", ".join(sorted(containers))[:200],
        )
