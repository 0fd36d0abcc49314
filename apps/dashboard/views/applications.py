"""Applications: the list, one on its way through its environments, its history, releases and configuration."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.applications.access import access_application, applications_of
from apps.applications.choices import SourceKind
from apps.applications.models import Application
from apps.applications.services import change_application
from apps.audit.models import OrganizationHead
from apps.core.problems import Invalid, NotFound, Outdated, Problem
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.application import history_lines, release_lines, strips_of, who_may
from apps.dashboard.pictures.travel import travel_of
from apps.environments.access import environments_of, targets_of
from apps.environments.models import Target
from apps.organizations.access import Right, decide
from apps.releases.access import releases_of
from apps.rollouts.access import rollouts_of

PAGE_SIZE = 25
RECENT = 8
_FIELDS = ("name", "repository", "source_kind", "overlay_pattern")


class ApplicationList(OrganizationPage):
    place = "applications"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        sought = request.GET.get("name", "").strip()[:120]
        rows: Any = applications_of(self.actor).order_by("name", "id")
        there = rows.exists()
        if sought:
            rows = rows.filter(name__icontains=sought)
        page = Paginator(rows, 40).get_page(request.GET.get("page"))
        targets: Any = targets_of(self.actor).filter(application__in=list(page))
        places: dict[Any, list[Target]] = {}
        for target in targets:
            places.setdefault(target.application_id, []).append(target)
        may = decide(self.actor, Right.CONFIGURE)
        context = {
            "page": page,
            "rows": [(row, places.get(row.id, [])) for row in page],
            "query": sought,
            "there": there,
            "why_not_first": "" if may.allowed else may.why,
        }
        part = "applications/_list" if self.part == "applications-list" else "applications"
        return self.page(f"dashboard/{part}.html", context)


class ApplicationPart(OrganizationPage):
    """What the pages of one application share: its door, its targets, which of its places is shown."""

    place = "applications"
    tab = ""

    def application(self, slug: str) -> Application:
        row = access_application(self.actor, slug)
        self.targets: list[Target] = list(targets_of(self.actor).filter(application_id=row.id))
        return row

    def releases(self, row: Application) -> Any:
        rows: Any = releases_of(self.actor).filter(application_id=row.id)
        return rows.defer("sealed_bundle", "configuration", "notes").order_by("-number")

    def rollouts(self, row: Application) -> Any:
        return rollouts_of(self.actor).filter(application_id=row.id).order_by("-created_at", "-id")


class ApplicationPage(ApplicationPart):
    tab = "overview"

    def get(self, request: HttpRequest, organization: str, application: str) -> HttpResponse:
        row = self.application(application)
        part = self.part
        if part == "travel":
            context = {"application": row, "travel": travel_of(row, self.targets)}
            return self.page("dashboard/application/_travel.html", context)
        if part == "recent":
            return self.page("dashboard/application/_recent.html", {"application": row, **self._recent(row)})
        if part:
            raise NotFound("There is no such part of the page.")
        head = OrganizationHead.objects.filter(organization_id=self.actor.organization_id).first()
        context = {
            "application": row,
            "tab": self.tab,
            "travel": travel_of(row, self.targets),
            "head": head.activity_number if head else 0,
            "may": who_may(list(environments_of(self.actor))),
            **self._recent(row),
        }
        return self.page("dashboard/application.html", context)

    def _recent(self, row: Application) -> dict[str, Any]:
        return {
            "strips": strips_of(self.targets),
            "history": history_lines(self.rollouts(row)[:RECENT]),
            "releases": release_lines(list(self.releases(row)[:RECENT]), self.targets),
        }


class ApplicationHistory(ApplicationPart):
    tab = "history"

    def get(self, request: HttpRequest, organization: str, application: str) -> HttpResponse:
        row = self.application(application)
        rows = self.rollouts(row)
        only = request.GET.get("environment", "")
        environments = {target.environment.slug: target.environment for target in self.targets}
        if only:
            if only not in environments:
                raise NotFound("There is no such environment.")
            rows = rows.filter(environment_id=environments[only].id)
        page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
        context = {
            "application": row,
            "tab": self.tab,
            "page": page,
            "history": history_lines(page),
            "strips": strips_of(self.targets),
            "environments": list(environments.values()),
            "only": only,
            "extra": f"&environment={only}" if only else "",
        }
        part = "_rollouts_card" if self.part == "list" else "history"
        return self.page(f"dashboard/application/{part}.html", context)


class ApplicationReleases(ApplicationPart):
    tab = "releases"

    def get(self, request: HttpRequest, organization: str, application: str) -> HttpResponse:
        row = self.application(application)
        page = Paginator(self.releases(row), PAGE_SIZE).get_page(request.GET.get("page"))
        context = {
            "application": row,
            "tab": self.tab,
            "page": page,
            "releases": release_lines(list(page), self.targets),
        }
        part = "_releases_card" if self.part == "list" else "releases"
        return self.page(f"dashboard/application/{part}.html", context)


class ApplicationConfiguration(ApplicationPart):
    tab = "configuration"

    def get(self, request: HttpRequest, organization: str, application: str) -> HttpResponse:
        row = self.application(application)
        return self._form(row, _values(row))

    def post(self, request: HttpRequest, organization: str, application: str) -> HttpResponse:
        row = access_application(self.actor, application, Right.CONFIGURE)
        written = _written(request)
        try:
            seen = int(request.POST.get("revision", ""))
        except ValueError:
            raise Invalid(
                "This form is incomplete. Nothing was saved; reload the page and try again."
            ) from None
        try:
            labels = _labels(written["labels"])
            change_application(self.actor, row, seen=seen, **{**written, "labels": labels})
        except Outdated as problem:
            row.refresh_from_db()
            return self._form(row, written, problem=problem, conflicts=_conflicts(row, written))
        except Invalid as problem:
            return self._form(row, written, problem=problem, revision=seen)
        return HttpResponseRedirect(reverse("application-configuration", args=[organization, row.slug]))

    def _form(
        self,
        row: Application,
        values: dict[str, Any],
        *,
        problem: Problem | None = None,
        conflicts: list[tuple[str, str, str]] | None = None,
        revision: int | None = None,
    ) -> HttpResponse:
        may = decide(self.actor, Right.CONFIGURE)
        context = {
            "application": row,
            "tab": self.tab,
            "values": values,
            "kinds": SourceKind.choices,
            "revision": revision or row.revision,
            "problem": problem,
            "conflicts": conflicts or [],
            "why_not": "" if may.allowed else may.why,
        }
        return self.page(
            "dashboard/application/configuration.html", context, status=problem.status if problem else 200
        )


def _values(row: Application) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _FIELDS}
    values["ignore_rules"] = list(row.ignore_rules)
    values["require_digests"] = row.require_digests
    values["labels"] = [f"{key}={value}" for key, value in row.labels.items()]
    return values


def _written(request: HttpRequest) -> dict[str, Any]:
    form = request.POST
    values: dict[str, Any] = {name: form.get(name, "").strip() for name in _FIELDS}
    for name, most in (("name", 120), ("repository", 500), ("overlay_pattern", 200)):
        values[name] = values[name][:most]
    if not values["name"]:
        values.pop("name")
    rules = (line.strip() for line in form.get("ignore_rules", "").splitlines())
    values["ignore_rules"] = [rule[:300] for rule in rules if rule][:200]
    values["require_digests"] = bool(form.get("require_digests"))
    values["labels"] = sorted(line.strip() for line in form.get("labels", "").splitlines() if line.strip())
    return values


def _labels(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise Invalid(f"“{line}” is no label; one is written key=value.")
        if key.strip() in found:
            raise Invalid(f"The label {key.strip()} is there twice.")
        found[key.strip()] = value.strip()
    return found


_WORDS = {
    "name": "Name",
    "repository": "Repository",
    "source_kind": "Source",
    "overlay_pattern": "Overlay",
    "ignore_rules": "Ignore rules",
    "require_digests": "Digest policy",
    "labels": "Labels",
}


def _conflicts(row: Application, written: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(field, as it is now, as you wrote it), where the two differ."""
    now = _values(row)
    return [
        (_WORDS[name], _said(now[name]), _said(value))
        for name, value in written.items()
        if now[name] != value
    ]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "required" if value else "not required"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(value) or "empty"
