from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from apps.applications.access import access_application, applications_of
from apps.dashboard.door import OrganizationPage
from apps.dashboard.marks import phase_mark
from apps.dashboard.pictures.matrix import cells_of
from apps.environments.access import targets_of
from apps.releases.access import access_release_by_version, releases_of
from apps.releases.models import ReleaseArtifact, ReleaseCommit
from apps.rollouts.access import rollouts_of

RECENT = 20


class ApplicationList(OrganizationPage):
    place = "applications"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        rows: Any = applications_of(self.actor).order_by("name", "id")
        page = Paginator(rows, 40).get_page(request.GET.get("page"))
        return self.page("dashboard/applications.html", {"page": page})


class ApplicationPage(OrganizationPage):
    place = "applications"

    def get(self, request: HttpRequest, organization: str, application: str) -> HttpResponse:
        row = access_application(self.actor, application)
        targets: Any = targets_of(self.actor).filter(application_id=row.id)
        rollouts = rollouts_of(self.actor).filter(application_id=row.id).order_by("-created_at", "-id")
        releases: Any = releases_of(self.actor).filter(application_id=row.id).defer("sealed_bundle")
        releases = releases.annotate(commit_count=Count("commits"))
        page = Paginator(releases, RECENT).get_page(request.GET.get("page"))
        context = {
            "application": row,
            "places": cells_of(targets),
            "releases": page,
            "page": page,
            "lines": [(rollout, phase_mark(rollout.phase, rollout.kind)) for rollout in rollouts[:RECENT]],
        }
        return self.page("dashboard/application.html", context)


class ReleasePage(OrganizationPage):
    place = "applications"

    def get(self, request: HttpRequest, organization: str, application: str, version: str) -> HttpResponse:
        row = access_application(self.actor, application)
        release = access_release_by_version(self.actor, row, version)
        rollouts = rollouts_of(self.actor).filter(release_id=release.id).order_by("-created_at", "-id")
        commits = Paginator(
            ReleaseCommit.objects.filter(release_id=release.id).order_by("position"), 50
        ).get_page(request.GET.get("page"))
        standing: Any = targets_of(self.actor).filter(live_release_id=release.id)
        context = {
            "application": row,
            "release": release,
            "digest": f"sha256:{bytes(release.digest).hex()}",
            "standing": list(standing),
            "artifacts": _artifacts(release),
            "commits": [(commit, bytes(commit.sha).hex()) for commit in commits],
            "page": commits,
            "lines": [(rollout, phase_mark(rollout.phase, rollout.kind)) for rollout in rollouts[:RECENT]],
        }
        return self.page("dashboard/release.html", context)


def _artifacts(release: Any) -> list[dict[str, str]]:
    rows = (
        ReleaseArtifact.objects.filter(release_id=release.id)
        .select_related("artifact")
        .order_by("artifact__repository", "artifact__tag")
    )
    return [
        {
            "repository": row.artifact.repository,
            "tag": row.artifact.tag,
            "digest": f"sha256:{bytes(row.artifact.digest).hex()}" if row.artifact.digest else "",
            "role": row.role,
        }
        for row in rows
    ]
