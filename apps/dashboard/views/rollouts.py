from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.core.problems import NotFound
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.actions import actions_on
from apps.dashboard.pictures.graph import graph_of
from apps.dashboard.pictures.replay import replay_of
from apps.dashboard.pictures.rollout_list import listing_of
from apps.dashboard.pictures.rollouts import picture_of
from apps.dashboard.pictures.table import table_of
from apps.dashboard.pictures.waiting import decisions_count
from apps.rollouts.access import access_rollout

PARTS = {
    "rollout-table": "dashboard/rollout/_table.html",
    "rollout-graph": "dashboard/rollout/_graph.html",
}


class RolloutPage(OrganizationPage):
    place = "rollouts"

    def get(self, request: HttpRequest, organization: str, number: int) -> HttpResponse:
        rollout = access_rollout(self.actor, number)
        picture = picture_of(rollout, organization)
        context: dict[str, Any] = {
            "picture": picture,
            "rollout": rollout,
            "view": request.GET.get("view", ""),
        }
        if context["view"] == "table":
            asked = request.GET.get("sort", ""), request.GET.get("page", "1")
            context["table"] = table_of(picture.objects, *asked)
        elif context["view"] == "graph":
            context["graph"] = graph_of(rollout, picture.objects, everything=request.GET.get("all") == "1")
        part = request.GET.get("part", "")
        if part in PARTS:
            return self.page(PARTS[part], context)
        if part:
            raise NotFound("This page has no such part.")
        context["actions"] = actions_on(self.actor, rollout)
        context["replay"] = replay_of(rollout)
        return self.page("dashboard/rollout.html", context)


class RolloutActions(OrganizationPage):
    """The buttons alone: fetched again by the page when what they allow can have changed."""

    def get(self, request: HttpRequest, organization: str, number: int) -> HttpResponse:
        rollout = access_rollout(self.actor, number)
        context = {
            "rollout": rollout,
            "actions": actions_on(self.actor, rollout),
            "waiting_count": decisions_count(self.actor),  # one press less waits for whoever pressed
        }
        return self.page("dashboard/rollout/_actions.html", context)


class RolloutList(OrganizationPage):
    place = "rollouts"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        listing = listing_of(self.actor, request.GET)
        part = request.GET.get("part", "")
        if part not in {"", "rollouts-list"}:
            raise NotFound("This page has no such part.")
        template = "dashboard/rollouts/_list.html" if part else "dashboard/rollouts.html"
        return self.page(template, {"listing": listing})
