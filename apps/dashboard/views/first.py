"""The guided first application."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from apps.dashboard.door import OrganizationPage


class First(OrganizationPage):
    place = "applications"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        return self.page("dashboard/first/first.html", {})
