from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.core.problems import Invalid, Problem
from apps.dashboard.forms.fields import Field, Form, filled, refused
from apps.dashboard.views.settings.page import SettingsPage, beside_the_form
from apps.organizations.access import Right, authorize
from apps.organizations.models import Membership, Organization
from apps.organizations.signing_in.proofs import proof_of
from apps.organizations.signing_in.requiring import members_without_factor, require_second_factor

_WHEN = (
    ("", "No"),
    ("0", "Yes, from now on"),
    ("7", "Yes, in 7 days"),
    ("14", "Yes, in 14 days"),
    ("30", "Yes, in 30 days"),
)
_SHOWN = 50  # names; the rest are counted


class SecondFactorSettings(SettingsPage):
    section = "settings-second-factor"
    asks_again = frozenset({"POST"})

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        authorize(self.actor, Right.MANAGE_OWNERS)
        return self._page(Form(self._fields()))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        form = Form(filled(self._fields(), request.POST))
        try:
            asked = form["after_days"].value
            if asked not in dict(_WHEN):
                raise Invalid("", fields={"after_days": "Choose one of these."})
            after_days = int(asked) if asked else None
            require_second_factor(self.actor, after_days=after_days, proof=proof_of(request, request.user))
        except Problem as problem:
            return self._page(refused(form, beside_the_form(problem)), status=problem.status)
        return redirect("settings-second-factor", organization)

    def _fields(self) -> tuple[Field, ...]:
        hint = "Members who have shown none then meet a page that leads them to it, and nothing else of the organization."
        stands = "0" if self._organization().second_factor_from else ""
        return (Field("after_days", "Required", "select", value=stands, choices=_WHEN, hint=hint),)

    def _organization(self) -> Organization:
        found: Organization = Organization.objects.get(id=self.actor.organization_id)
        return found

    def _page(self, form: Form, *, status: int = 200) -> HttpResponse:
        without = members_without_factor()
        required_from = self._organization().second_factor_from
        context = {
            "form": form,
            "required_from": required_from,
            "in_force": required_from is not None and required_from <= timezone.now(),
            "without": without[:_SHOWN],
            "without_count": without.count(),
            "members": Membership.objects.count(),
        }
        return self.settings_page("second_factor", context, status=status)
