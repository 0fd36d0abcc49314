"""One release: where it came from, where it stands and stood, and what one may do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from apps.dashboard.pictures.start import Place, start_picture
from apps.dashboard.words import count, duration
from apps.environments.models import Target
from apps.organizations.access import Actor
from apps.releases.models import Release, ReleaseArtifact, ReleaseCommit, ReleaseIssue, RenderedSet
from apps.rollouts.models import Rollout, TargetRelease

MOST_STRETCHES = 40
MOST_ISSUES = 60


@dataclass(frozen=True, slots=True)
class Image:
    repository: str
    tag: str
    digest: str  # "" when it is not pinned
    role: str


@dataclass(frozen=True, slots=True)
class Stay:
    """It stood on one target from … to."""

    id: UUID
    environment: str
    cluster: str
    since: datetime
    until: datetime | None  # None: still
    lasted: str
    by: str
    rollout_number: int | None


@dataclass(frozen=True, slots=True)
class Provenance:
    digest: str
    head: ReleaseCommit | None  # the newest commit it was reported with
    head_sha: str
    issues: tuple[str, ...]
    more_issues: int
    images: tuple[Image, ...]
    rendered: tuple[tuple[str, int, str], ...]  # environment, objects, digest
    source: str


@dataclass(frozen=True, slots=True)
class Way:
    """What one may do with the release on one target."""

    place: Place
    back: bool
    label: str


def provenance_of(release: Release) -> Provenance:
    head = ReleaseCommit.objects.filter(release_id=release.id).order_by("position").first()
    issues = list(
        ReleaseIssue.objects.filter(release_id=release.id)
        .order_by("issue_key")
        .values_list("issue_key", flat=True)
    )
    rendered = (
        RenderedSet.objects.filter(release_id=release.id)
        .order_by("environment__position")
        .values_list("environment__name", "object_count", "digest")
    )
    return Provenance(
        digest=f"sha256:{bytes(release.digest).hex()}",
        head=head,
        head_sha=bytes(head.sha).hex() if head else release.commit_sha,
        issues=tuple(issues[:MOST_ISSUES]),
        more_issues=max(0, len(issues) - MOST_ISSUES),
        images=images_of(release),
        rendered=tuple(rendered),
        source="Kustomize directory" if release.source_kind == "kustomize" else "YAML documents",
    )


def images_of(release: Release) -> tuple[Image, ...]:
    rows = (
        ReleaseArtifact.objects.filter(release_id=release.id)
        .select_related("artifact")
        .order_by("artifact__repository", "artifact__tag", "id")
    )
    return tuple(
        Image(
            row.artifact.repository,
            row.artifact.tag,
            f"sha256:{bytes(row.artifact.digest).hex()}" if row.artifact.digest else "",
            row.role,
        )
        for row in rows
    )


def stays_of(release: Release, targets: Sequence[Target]) -> tuple[Stay, ...]:
    """Newest first, from the stretches: what was rolled back, too, and what was found standing."""
    places = {target.id: target for target in targets}
    rows = list(
        TargetRelease.objects.filter(
            release_id=release.id, voided_at__isnull=True, target_id__in=places
        ).order_by("-valid_from", "-id")[:MOST_STRETCHES]
    )
    numbers = dict(
        Rollout.objects.filter(id__in=[row.rollout_id for row in rows if row.rollout_id]).values_list(
            "id", "number"
        )
    )
    now = timezone.now()
    return tuple(
        Stay(
            id=row.id,
            environment=places[row.target_id].environment.name,
            cluster=places[row.target_id].cluster.name,
            since=row.valid_from,
            until=row.valid_to,
            lasted=duration((row.valid_to or now) - row.valid_from),
            by=row.by_label,
            rollout_number=numbers.get(row.rollout_id),
        )
        for row in rows
    )


def ways_of(actor: Actor, release: Release, targets: Sequence[Target]) -> tuple[Way, ...]:
    """Per target forward or, where something newer stands, back; greyed with the reason."""
    ahead = start_picture(actor, release, targets, chosen=())
    back = start_picture(actor, release, targets, back=True, chosen=())
    ways = []
    for target, forward, backward in zip(targets, ahead.places, back.places, strict=True):
        goes_back = target.live_number is not None and release.number < target.live_number
        if target.live_release_id == release.id:
            ways.append(Way(forward, False, "Apply again"))
        elif goes_back:
            ways.append(Way(backward, True, "Roll back"))
        else:
            ways.append(Way(forward, False, "Promote"))
    return tuple(ways)


def sentence_of(release: Release, targets: Sequence[Target], stays: Sequence[Stay]) -> str:
    """ "Live in dev and staging; on its way to production."""
    live = list(
        dict.fromkeys(target.environment.name for target in targets if target.live_release_id == release.id)
    )
    if live:
        where = live[0] if len(live) == 1 else f"{', '.join(live[:-1])} and {live[-1]}"
        missing = len({target.environment_id for target in targets}) - len(live)
        rest = (
            f"; {count(missing, 'environment')} {'has' if missing == 1 else 'have'} another"
            if missing
            else ""
        )
        return f"Live in {where}{rest}."
    if stays:
        return f"Live nowhere now; it stood in {stays[0].environment} until it was replaced."
    return "It has not been put anywhere yet."
