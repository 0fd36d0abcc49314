from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.problems import Conflict
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.environment import environment_lines, environment_picture
from apps.environments.access import access_environment, environments_of
from apps.environments.services import move_environment
from apps.organizations.access import Decision, Right, decide


class EnvironmentList(OrganizationPage):
    """In promotion order; who may changes it here."""

    place = "environments"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        row = access_environment(self.actor, request.POST.get("environment", ""), Right.CONFIGURE)
        position = request.POST.get("position", "")
        if not position.isdecimal() or len(position) > 5:
            raise Conflict("This place is none; reload the page.")
        moved = move_environment(self.actor, row, position=int(position))
        if self.alone:
            return self._page(
                f"{moved.name} is now number {moved.position} of {environments_of(self.actor).count()}."
            )
        return redirect("environments", organization)

    def _page(self, said: str = "") -> HttpResponse:
        context: dict[str, Any] = {
            "lines": environment_lines(self.actor),
            "may": decide(self.actor, Right.CONFIGURE),
            "said": said,
        }
        part = self.alone
        return self.page(f"dashboard/{'environment/_list' if part else 'environments'}.html", context)


class EnvironmentPage(OrganizationPage):
    place = "environments"

    def get(self, request: HttpRequest, organization: str, environment: str) -> HttpResponse:
        row = access_environment(self.actor, environment)
        sought = request.GET.get("name", "").strip()[:120]
        picture = environment_picture(self.actor, row, page=request.GET.get("page", "1"), sought=sought)
        configure: Decision = decide(self.actor, Right.CONFIGURE)
        part = self.part == "environment"
        template = "dashboard/environment/_whole.html" if part else "dashboard/environment.html"
        return self.page(template, {"picture": picture, "environment": row, "may": configure})
