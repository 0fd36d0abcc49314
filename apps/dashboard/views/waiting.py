from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.waiting import decisions_count


class WaitingCount(OrganizationPage):
    """The number in the rail, which is each person's own: fetched by every live page when something happened."""

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        return self.page("dashboard/_waiting_count.html", {"waiting_count": decisions_count(self.actor)})
