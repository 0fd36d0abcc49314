from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.problems import Problem
from apps.dashboard.forms.fields import Field, Form, filled, refused
from apps.dashboard.views.settings.page import SettingsPage, beside_the_form, sections_of
from apps.organizations.access import Right, authorize
from apps.organizations.models import Organization
from apps.organizations.services import rename_organization


class Settings(SettingsPage):
    """The first section that one may use."""

    http_method_names = ("get",)

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        return redirect(sections_of(self.actor)[0].url_name, organization)


class OrganizationSettings(SettingsPage):
    section = "settings-organization"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        authorize(self.actor, Right.CONFIGURE)
        return self._page(Form(self._fields()))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        form = Form(filled(self._fields(), request.POST))
        try:
            rename_organization(self.actor, name=form["name"].value)
        except Problem as problem:
            return self._page(refused(form, beside_the_form(problem)), status=problem.status)
        return redirect("settings-organization", organization)

    def _fields(self) -> tuple[Field, ...]:
        row: Organization = Organization.objects.get(id=self.actor.organization_id)
        hint = f"Shown to people. Its short name, {row.slug}, is in every address and stays."
        return (Field("name", "Name", value=row.name, required=True, most=120, hint=hint),)

    def _page(self, form: Form, *, status: int = 200) -> HttpResponse:
        return self.settings_page("organization", {"form": form}, status=status)
