from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures import finders, jumps
from apps.dashboard.pictures.search import IN_PALETTE, LAST_PAGE, PER_PAGE, Finder, Group, begin, groups_of
from apps.dashboard.pictures.sought import LONGEST, parse

# Kind, as it stands in addresses; the group's title; who finds it. Among equally near hits in this order.
FINDERS: tuple[tuple[str, str, Finder], ...] = (
    ("application", "Applications", finders.applications),
    ("release", "Releases", finders.releases),
    ("rollout", "Rollouts", finders.rollouts),
    ("environment", "Environments", finders.environments),
    ("cluster", "Clusters", finders.clusters),
    ("person", "People", finders.people),
    ("place", "Pages", jumps.places),
)
# Needs the page's script, so the palette alone offers it.
ACTIONS: tuple[str, str, Finder] = ("action", "Actions", jumps.actions)


class SearchPage(OrganizationPage):
    """One address for the palette (`?part=options`) and for the page, which works without any script."""

    place = "search"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        typed = request.GET.get("q", "")[:LONGEST].replace("\0", "")
        sought = parse(typed)
        if self.part == "options":
            asked = (*FINDERS, ACTIONS) if sought.words else (FINDERS[-1], ACTIONS)
            most = IN_PALETTE if sought.words else PER_PAGE
            search = begin(self.actor, sought, most + 1)
            groups = groups_of(search, asked)
            if promoted := jumps.promotions(search, groups):
                groups = (*groups, Group("promotion", "Do", tuple(promoted), more=False))
            return self.page("dashboard/palette/_options.html", {"groups": groups, "typed": typed})
        kind = request.GET.get("kind", "")
        chosen = [finder for finder in FINDERS if finder[0] == kind]
        number = _page_number(request.GET.get("page", "")) if chosen else 1
        shown = PER_PAGE if chosen else IN_PALETTE
        skip = (number - 1) * shown
        groups = (
            groups_of(begin(self.actor, sought, skip + shown + 1), chosen or FINDERS, skip=skip)
            if sought.words
            else ()
        )
        context: dict[str, Any] = {
            "typed": typed,
            "groups": groups,
            "kind": chosen[0][0] if chosen else "",
            "kinds": [(name, title) for name, title, _ in FINDERS],
            "number": number,
            "more": bool(chosen and groups and groups[0].more and number < LAST_PAGE),
            "first": skip + 1,
            "last": skip + (len(groups[0].hits) if groups else 0),
        }
        return self.page("dashboard/search.html", context)


def _page_number(text: str) -> int:
    """Beyond the last page there is the last one; what is no number is the first."""
    return min(max(int(text), 1), LAST_PAGE) if text.isdecimal() and len(text) < 6 else 1
