from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.applications.access import access_application
from apps.applications.models import Application
from apps.core.problems import NotFound
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.application import history_lines
from apps.dashboard.pictures.compare import commits_between, comparison_of, manifests_between
from apps.dashboard.pictures.release import Stay, provenance_of, sentence_of, stays_of, ways_of
from apps.environments.access import environments_of, targets_of
from apps.environments.models import Target
from apps.releases.access import access_release_by_version, releases_of
from apps.releases.models import Release, ReleaseCommit
from apps.rollouts.access import rollouts_of

RECENT = 10
COMMITS = 50
MOST_OTHERS = 100


class ReleasePage(OrganizationPage):
    place = "applications"

    def get(self, request: HttpRequest, organization: str, application: str, version: str) -> HttpResponse:
        row = access_application(self.actor, application)
        release = access_release_by_version(self.actor, row, version)
        targets = list(targets_of(self.actor).filter(application_id=row.id))
        stays = stays_of(release, targets)
        part = self.part
        if part in {"now", "sentence"}:
            return self.page(f"dashboard/release/_{part}.html", self._now(row, release, targets, stays))
        commits = Paginator(
            ReleaseCommit.objects.filter(release_id=release.id).order_by("position"), COMMITS
        ).get_page(request.GET.get("page"))
        context = {
            **self._now(row, release, targets, stays),
            "provenance": provenance_of(release),
            "commits": [(commit, bytes(commit.sha).hex()) for commit in commits],
            "page": commits,
            "before": release.base_release,
        }
        return self.page("dashboard/release.html", context)

    def _now(
        self, row: Application, release: Release, targets: list[Target], stays: tuple[Stay, ...]
    ) -> dict[str, Any]:
        """What changes while one looks at it."""
        rollouts = rollouts_of(self.actor).filter(release_id=release.id).order_by("-created_at", "-id")
        return {
            "application": row,
            "release": release,
            "sentence": sentence_of(release, targets, stays),
            "ways": ways_of(self.actor, release, targets),
            "stays": stays,
            "history": history_lines(rollouts[:RECENT]),
            "others": [other for other in _newest(self.actor, row) if other.id != release.id],
        }


class Comparison(OrganizationPage):
    """`compare/1.0...1.1/`; `compare/?from=&to=` (a form) leads there."""

    place = "applications"

    def get(
        self, request: HttpRequest, organization: str, application: str, versions: str = ""
    ) -> HttpResponse:
        row = access_application(self.actor, application)
        if not versions:
            return self._chosen(request, organization, row)
        before, after = self._both(row, versions)
        environments = list(environments_of(self.actor))
        wanted = request.GET.get("environment", "")
        environment = next((place for place in environments if place.slug == wanted), None)
        if wanted and environment is None:
            raise NotFound("There is no such environment.")
        environment = environment or (environments[-1] if environments else None)
        commits = Paginator(commits_between(before, after), COMMITS).get_page(request.GET.get("page"))
        context = {
            "application": row,
            "comparison": comparison_of(before, after),
            "environments": environments,
            "environment": environment,
            "manifests": manifests_between(before, after, environment) if environment else None,
            "commits": [(commit, bytes(commit.sha).hex()) for commit in commits],
            "page": commits,
            "extra": f"&environment={environment.slug}" if environment else "",
            "others": list(_newest(self.actor, row)),
        }
        return self.page("dashboard/compare.html", context)

    def _chosen(self, request: HttpRequest, organization: str, row: Application) -> HttpResponse:
        one, other = request.GET.get("from", ""), request.GET.get("to", "")
        if one and other:
            before, after = (access_release_by_version(self.actor, row, version) for version in (one, other))
            pair = f"{before.version}...{after.version}"
            return HttpResponseRedirect(reverse("compare", args=[organization, row.slug, pair]))
        return self.page(
            "dashboard/compare.html", {"application": row, "others": list(_newest(self.actor, row))}
        )

    def _both(self, row: Application, versions: str) -> tuple[Release, Release]:
        """A version may hold dots of its own: every place where it could be cut is tried."""
        missing = NotFound("Two versions are compared as 1.0...1.1.")
        for one, other in _cuts(versions):
            try:
                return (
                    access_release_by_version(self.actor, row, one),
                    access_release_by_version(self.actor, row, other),
                )
            except NotFound as problem:
                missing = problem
        raise missing


def _cuts(versions: str) -> Iterator[tuple[str, str]]:
    at = versions.find("...")
    while at >= 0:
        one, other = versions[:at], versions[at + 3 :]
        if one and other:
            yield one, other
        at = versions.find("...", at + 1)


def _newest(actor: Any, row: Application) -> Any:
    rows: Any = releases_of(actor).filter(application_id=row.id)
    return rows.only("id", "organization_id", "number", "version", "application", "created_at").order_by(
        "-number"
    )[:MOST_OTHERS]
