from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.audit import (
    CHANNELS,
    KINDS,
    entries,
    page_of,
    people_to_choose,
    read_filters,
    verification,
)
from apps.dashboard.pictures.deeds import DEEDS
from apps.dashboard.words import number_in
from apps.organizations.access import Right, authorize


class AuditPage(OrganizationPage):
    place = "audit"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        authorize(self.actor, Right.SEE_AUDIT)
        if self.part == "verification":
            return self.page("dashboard/audit/_verification.html", {"verification": verification()})
        filters = read_filters(request.GET)
        before, after = (number_in(request.GET.get(name), digits=18) for name in ("before", "after"))
        lines, newer, older = page_of(entries(self.actor, filters), before=before, after=after)
        place = {"before": before} if before is not None else {"after": after} if after is not None else {}
        context: dict[str, Any] = {"lines": lines, "newer": newer, "older": older, "filters": filters}
        context["shown"] = "&".join(part for part in (filters.query, urlencode(place)) if part)
        if self.part == "audit-entries":
            return self.page("dashboard/audit/_entries.html", context)
        context |= {
            "people": people_to_choose(filters.person),
            "actions": sorted(DEEDS),
            "kinds": KINDS.items(),
            "channels": CHANNELS.items(),
            "verification": verification() if request.GET.get("verify") else None,
        }
        return self.page("dashboard/audit.html", context)
