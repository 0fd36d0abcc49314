from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.clusters.access import access_cluster, clusters_of
from apps.core.problems import NotFound, Outdated, Problem
from apps.dashboard.forms.approval_rules import gathered
from apps.dashboard.forms.environments import GROUPS, PARSERS, policy_fields
from apps.dashboard.forms.fields import (
    Field,
    Form,
    filled,
    overtaken,
    refused,
    seen_revision,
    values_of,
)
from apps.dashboard.pictures.environment import environment_lines
from apps.dashboard.views.settings.page import SettingsPage, beside_the_form
from apps.environments import services
from apps.environments.access import access_environment
from apps.environments.models import Environment
from apps.environments.rules import changed_rules
from apps.organizations.access import Right, authorize, decide


class EnvironmentSettings(SettingsPage):
    section = "settings-environments"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        authorize(self.actor, Right.CONFIGURE)
        return self.settings_page("environments", {"lines": environment_lines(self.actor)})


class _EnvironmentForm(SettingsPage):
    section = "settings-environments"

    def form_page(self, template: str, form: Form, status: int, **more: Any) -> HttpResponse:
        groups = [(title, [form[name] for name in names]) for title, names in GROUPS]
        return self.settings_page(template, {"form": form, "groups": groups, **more}, status=status)


class NewEnvironment(_EnvironmentForm):
    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        authorize(self.actor, Right.CONFIGURE)
        return self._page(Form(self._fields()))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        authorize(self.actor, Right.CONFIGURE)
        chosen = request.POST.getlist("clusters")[:100]
        form = Form(filled(self._fields(), request.POST), extra={"clusters": chosen})
        try:
            made = self._make(form)
        except Problem as problem:
            shown = refused(form, beside_the_form(problem))
            return self._page(shown, status=problem.status, mistake=problem.fields.get("clusters", ""))
        return redirect("environment", organization, made.slug)

    def _make(self, form: Form) -> Environment:
        values = gathered(values_of(form.fields, PARSERS))
        values["name"] = values["name"] or values["slug"]
        clusters = [access_cluster(self.actor, slug) for slug in dict.fromkeys(form.extra["clusters"])]
        return services.create_environment(self.actor, clusters=clusters, **values)

    def _fields(self) -> tuple[Field, ...]:
        hint = "In addresses and in namespaces: lower case letters, digits and hyphens. It stays."
        slug = Field("slug", "Short name", required=True, most=60, hint=hint, mono=True)
        return (slug, *policy_fields(Environment()))

    def _page(self, form: Form, *, status: int = 200, mistake: str = "") -> HttpResponse:
        clusters = list(clusters_of(self.actor).order_by("name"))
        chosen = form.extra.get("clusters", [clusters[0].slug] if len(clusters) == 1 else [])
        context = {"clusters": clusters, "chosen": chosen, "clusters_mistake": mistake}
        return self.form_page("environment_new", form, status, **context)


class EditEnvironment(_EnvironmentForm):
    """Its policy; and one by one, each its own small form, its clusters."""

    def get(self, request: HttpRequest, organization: str, environment: str) -> HttpResponse:
        row = access_environment(self.actor, environment, Right.CONFIGURE)
        return self._page(row, Form(policy_fields(row), revision=row.revision))

    def post(self, request: HttpRequest, organization: str, environment: str) -> HttpResponse:
        row = access_environment(self.actor, environment, Right.CONFIGURE)
        act = request.POST.get("act", "policy")
        if act == "policy":
            return self._change(row)
        try:
            cluster = access_cluster(self.actor, request.POST.get("cluster", ""))
            if act == "add-cluster":
                services.add_cluster_to_environment(self.actor, row, cluster)
            elif act == "remove-cluster":
                services.remove_cluster_from_environment(self.actor, row, cluster)
            else:
                raise NotFound("There is no such act.")
        except Problem as problem:
            form = Form(policy_fields(row), revision=row.revision)
            words = beside_the_form(problem).sentence
            return self._page(row, form, status=problem.status, mistake=words)
        return redirect("settings-environment", organization, row.slug)

    def _change(self, row: Environment) -> HttpResponse:
        form = Form(filled(policy_fields(row), self.request.POST), revision=seen_revision(self.request.POST))
        try:
            said = gathered(values_of(form.fields, PARSERS))
            row.approval_rules = changed_rules(row.approval_rules, {})  # whole, as what was said will be
            said["approval_rules"] = row.approval_rules | said["approval_rules"]
            values = {name: value for name, value in said.items() if getattr(row, name) != value}
            if values or form.revision != row.revision:
                services.change_environment(self.actor, row, seen=form.revision, **values)
        except Outdated as problem:
            shown = overtaken(form, problem, policy_fields(row), row.revision)
            return self._page(row, shown, status=problem.status)
        except Problem as problem:
            return self._page(row, refused(form, beside_the_form(problem)), status=problem.status)
        return redirect("environment", self.actor.organization_slug, row.slug)

    def _page(self, row: Environment, form: Form, *, status: int = 200, mistake: str = "") -> HttpResponse:
        clusters = list(row.clusters.order_by("name"))
        others = clusters_of(self.actor).exclude(id__in=[cluster.id for cluster in clusters]).order_by("name")
        context = {
            "environment": row,
            "clusters": clusters,
            "others": list(others),
            "clusters_mistake": mistake,
            "people": decide(self.actor, Right.MANAGE_PEOPLE),
        }
        return self.form_page("environment", form, status, **context)
