"""The guided application: name and manifests, then where, then its rollout's page. Nothing is kept between the steps
but in the form itself (manifests may hold Secrets), and everything is made in one transaction at the end."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.applications.models import Application
from apps.clusters.access import access_cluster, clusters_of
from apps.clusters.models import Cluster
from apps.clusters.services import add_cluster, check_cluster
from apps.core import scopes
from apps.core.problems import Forbidden, Invalid, NotFound, Problem
from apps.dashboard.door import OrganizationPage
from apps.dashboard.first import (
    PLAIN,
    Written,
    checked_file_name,
    commands_for,
    make_application,
    make_environments,
    parse,
    why_not,
)
from apps.dashboard.once import Press, new_key
from apps.environments.access import environments_of
from apps.environments.models import Environment, EnvironmentCluster
from apps.organizations.access import Right, authorize
from slipway.ports.sources import MOST_BYTES

MOST_FILES = 50


class First(OrganizationPage):
    place = "applications"
    opens_scope = False  # a new cluster is asked who it is while no transaction is open

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        with scopes.organization(self.actor.organization_id):
            return self._write(Written())

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        act = request.POST.get("do", "")
        acts = {
            "check": self._check,
            "back": self._back,
            "next": self._next,
            "cluster": self._cluster,
            "start": self._start,
        }
        if act not in acts:
            raise NotFound("There is no such step.")
        return acts[act](request)

    def _check(self, request: HttpRequest) -> HttpResponse:
        """While it is written."""
        with scopes.organization(self.actor.organization_id):
            written = _written(request)
            context = {"parsed": parse(written), "written": written, "commands": self._commands(written)}
            return self.page("dashboard/first/_objects.html", context)

    def _back(self, request: HttpRequest) -> HttpResponse:
        with scopes.organization(self.actor.organization_id):
            return self._write(_written(request))

    def _next(self, request: HttpRequest) -> HttpResponse:
        with scopes.organization(self.actor.organization_id):
            authorize(self.actor, Right.CONFIGURE)
            try:
                written = _written(request, uploads=True)
            except Invalid as problem:
                return self._write(_written(request), problem=problem)
            wrong = self._wrong(written)
            return self._write(written, problem=wrong) if wrong else self._where(written)

    def _cluster(self, request: HttpRequest) -> HttpResponse:
        """Added and asked at once, so that whoever pasted it sees whether it answers. It stays: it is a step by itself."""
        written = _written(request)
        made: Cluster | None = None
        refused: Problem | None = None
        with scopes.organization(self.actor.organization_id):
            try:
                made = add_cluster(
                    self.actor,
                    slug=request.POST.get("cluster_name", "").strip() or "main",
                    name="",
                    kubeconfig=request.POST.get("kubeconfig", ""),
                )
            except Forbidden:
                raise
            except Problem as problem:
                refused = problem
        if made is not None:
            check_cluster(self.actor.organization_id, made.id)
        with scopes.organization(self.actor.organization_id):
            return self._where(written, problem=refused)

    def _start(self, request: HttpRequest) -> HttpResponse:
        written = _written(request)
        try:
            with scopes.organization(self.actor.organization_id):
                address = self._make(request, written)
        except Forbidden:
            raise
        except Problem as problem:
            with scopes.organization(self.actor.organization_id):
                return self._where(written, problem=problem)
        return HttpResponseRedirect(address)

    def _make(self, request: HttpRequest, written: Written) -> str:
        form = request.POST
        asked = f"first {written.slug} {written.version} {form.get('where', '')} {form.getlist('make')}"
        press = Press(self.actor, form.get("key", ""), asked)
        if press.before:
            return press.before
        if (problem := self._wrong(written)) is not None:
            raise problem
        if form.get("where"):
            environment = environments_of(self.actor).filter(slug=form["where"]).first()
            if environment is None:
                raise Invalid("That environment is gone. Choose another one.")
        else:
            cluster = access_cluster(self.actor, form.get("cluster", ""), Right.CONFIGURE)
            made = make_environments(self.actor, form.getlist("make"), cluster)
            if not made:
                raise Invalid("Choose at least one environment to make.")
            environment = made[0]
        rollouts = make_application(self.actor, written, environment)
        slug = self.actor.organization_slug
        if len(rollouts) == 1:
            return press.led_to(reverse("rollout", args=[slug, rollouts[0].number]))
        return press.led_to(reverse("application", args=[slug, written.slug]))

    def _wrong(self, written: Written) -> Problem | None:
        if not written.slug:
            return Invalid("Give it a name with at least one letter or digit.")
        if Application.objects.filter(slug=written.slug).exists():
            return Invalid(f"There is an application called {written.slug} already. Choose another name.")
        if not written.bundle:
            return Invalid("Paste at least one manifest, or choose files.")
        if parse(written).mistake is not None:
            return Invalid("The manifests cannot be read yet; what is wrong is said beside them.")
        return None

    def _write(self, written: Written, *, problem: Problem | None = None) -> HttpResponse:
        context = {**self._whole(written), "step": 1, "problem": problem, "parsed": parse(written)}
        return self.page("dashboard/first/first.html", context, status=problem.status if problem else 200)

    def _where(self, written: Written, *, problem: Problem | None = None) -> HttpResponse:
        environments = list(environments_of(self.actor))
        clusters = list(clusters_of(self.actor).order_by("created_at"))
        context = {
            **self._whole(written),
            "step": 2,
            "problem": problem,
            "parsed": parse(written),
            "key": new_key(),
            "places": _places(environments),
            "clusters": clusters,
            "plain": PLAIN,
        }
        return self.page("dashboard/first/first.html", context, status=problem.status if problem else 200)

    def _whole(self, written: Written) -> dict[str, Any]:
        return {
            "written": written,
            "why_not": why_not(self.actor),
            "commands": self._commands(written),
        }

    def _commands(self, written: Written) -> list[str]:
        places = environments_of(self.actor).values_list("slug", flat=True)[:1]
        clusters = clusters_of(self.actor).order_by("created_at").values_list("slug", flat=True)[:1]
        return commands_for(written, list(places), list(clusters))


def _places(environments: list[Environment]) -> list[tuple[Environment, list[str]]]:
    """With the names of their clusters."""
    names: dict[Any, list[str]] = {}
    for place in EnvironmentCluster.objects.select_related("cluster").order_by("cluster__name"):
        names.setdefault(place.environment_id, []).append(place.cluster.name)
    return [(environment, names.get(environment.id, [])) for environment in environments]


def _written(request: HttpRequest, *, uploads: bool = False) -> Written:
    """Line ends as files have them: a form sends \\r\\n. Raises Invalid for a file that is none (with `uploads`)."""
    form = request.POST
    names, texts = form.getlist("file_name"), form.getlist("file_text")
    files = [(name, _lines(text)) for name, text in zip(names, texts, strict=False)][:MOST_FILES]
    if uploads:
        for upload in request.FILES.getlist("files")[: MOST_FILES - len(files)]:
            name = checked_file_name(str(upload.name), [name for name, _ in files])
            if (upload.size or 0) > MOST_BYTES:
                raise Invalid(f"{name} has {upload.size:,} bytes; at most {MOST_BYTES:,} are taken.")
            try:
                files.append((name, _lines(upload.read().decode("utf-8-sig"))))
            except UnicodeDecodeError:
                raise Invalid(f"{name} is no UTF-8 text.") from None
    return Written(
        name=form.get("name", "").strip()[:120],
        version=form.get("version", "").strip()[:120] or "1.0",
        text=_lines(form.get("text", "")),
        files=tuple(files),
    )


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")
