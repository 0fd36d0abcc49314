from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.clusters.access import access_cluster
from apps.clusters.models import Cluster
from apps.clusters.services import add_cluster, change_credentials, check_cluster
from apps.core import scopes
from apps.core.problems import Outdated, Problem
from apps.dashboard.forms.fields import Field, Form, filled, refused, seen_revision
from apps.dashboard.pictures.cluster import cluster_lines
from apps.dashboard.views.settings.page import SettingsPage, beside_the_form
from apps.organizations.access import Right, authorize


def _credentials() -> tuple[Field, ...]:
    return (
        Field(
            "kubeconfig",
            "Kubeconfig",
            "secret-lines",
            required=True,
            rows=10,
            mono=True,
            hint="With a token or a client certificate. It is read, never executed; kept are the server, its "
            "authority and the one credential, encrypted, and none of it is shown again.",
        ),
        Field(
            "context",
            "Context",
            most=200,
            hint="Which of its contexts; the current one when empty.",
            mono=True,
        ),
    )


class ClusterSettings(SettingsPage):
    section = "settings-clusters"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        authorize(self.actor, Right.CONFIGURE)
        page, lines = cluster_lines(self.actor, page=request.GET.get("page", "1"))
        return self.settings_page("clusters", {"page": page, "lines": lines})


class _Asking(SettingsPage):
    """Writes, then asks the cluster who it is, while no transaction is open."""

    section = "settings-clusters"
    opens_scope = False
    asks_again = frozenset({"GET", "POST"})  # before credentials are pasted: they are not kept

    def inside(self) -> AbstractContextManager[scopes.Scope]:
        return scopes.organization(self.actor.organization_id)

    def form_page(self, template: str, form: Form, status: int, **more: Any) -> HttpResponse:
        """To htmx the form alone: what was pasted into it stays in the browser and is not sent back."""
        part = self.alone
        return self.settings_page("_credentials" if part else template, {"form": form, **more}, status=status)

    def go(self, row: Cluster) -> HttpResponse:
        answer = redirect("cluster", self.actor.organization_slug, row.slug)
        if not self.alone:
            return answer
        return HttpResponse(headers={"HX-Redirect": answer["Location"]})


class NewCluster(_Asking):
    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        with self.inside():
            authorize(self.actor, Right.CONFIGURE)
            return self._page(Form(self._fields()))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        form = Form(filled(self._fields(), request.POST))
        with self.inside():
            authorize(self.actor, Right.CONFIGURE)
            try:
                made = add_cluster(
                    self.actor,
                    slug=form["slug"].value,
                    name=form["name"].value[:120],
                    kubeconfig=form["kubeconfig"].value,
                    context=form["context"].value,
                )
            except Problem as problem:
                return self._page(refused(form, beside_the_form(problem)), status=problem.status)
        check_cluster(self.actor.organization_id, made.id)
        return self.go(made)

    def _fields(self) -> tuple[Field, ...]:
        hint = "In addresses: lower case letters, digits and hyphens. It stays."
        return (
            Field("slug", "Short name", required=True, most=60, hint=hint, mono=True),
            Field("name", "Name", most=120, hint="Shown to people; the short name when empty."),
            *_credentials(),
        )

    def _page(self, form: Form, *, status: int = 200) -> HttpResponse:
        return self.form_page("cluster_new", form, status, button="Add and ask it")


class EditCluster(_Asking):
    """Other credentials for the same cluster."""

    def get(self, request: HttpRequest, organization: str, cluster: str) -> HttpResponse:
        with self.inside():
            row = access_cluster(self.actor, cluster, Right.CONFIGURE)
            return self._page(row, Form(_credentials(), revision=row.revision))

    def post(self, request: HttpRequest, organization: str, cluster: str) -> HttpResponse:
        form = Form(filled(_credentials(), request.POST), revision=seen_revision(request.POST))
        with self.inside():
            row = access_cluster(self.actor, cluster, Right.CONFIGURE)
            try:
                change_credentials(
                    self.actor,
                    row,
                    kubeconfig=form["kubeconfig"].value,
                    context=form["context"].value,
                    seen=form.revision,
                )
            except Outdated as problem:
                words = f"{problem.sentence} Somebody changed its credentials; save again to put yours in their place."
                shown = Form(form.fields, mistake=words, revision=row.revision)
                return self._page(row, shown, status=problem.status)
            except Problem as problem:
                return self._page(row, refused(form, beside_the_form(problem)), status=problem.status)
        check_cluster(self.actor.organization_id, row.id)
        return self.go(row)

    def _page(self, row: Cluster, form: Form, *, status: int = 200) -> HttpResponse:
        return self.form_page("cluster", form, status, cluster=row, button="Save and ask it")
