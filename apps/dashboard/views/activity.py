from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.feed import feed_of, read_wish


class ActivityPage(OrganizationPage):
    """Everything that happened, newest first. Pages go by the entry's number, so what comes meanwhile shifts nothing."""

    place = "activity"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        feed = feed_of(self.actor, read_wish(request.GET))
        if self.part == "feed":
            return self.page("dashboard/activity/_feed.html", {"feed": feed})
        return self.page("dashboard/activity.html", {"feed": feed})
