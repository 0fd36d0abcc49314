"""A plan before one decides on it: what changes, what is worth knowing, and the form that signs its digest."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.approvals.services import decide
from apps.core.problems import Conflict, Invalid, NotFound, Outdated, Problem
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.review import Asked, review_of
from apps.dashboard.pictures.whole import objects_of_plan, whole_object
from apps.rollouts.access import access_rollout
from apps.rollouts.models import Rollout

_PARTS = {"top": "dashboard/review/_top.html", "side": "dashboard/review/_side.html"}


def asked_of(request: HttpRequest) -> Asked:
    query = request.GET
    return Asked(
        plan=query.get("plan", ""),
        since=query.get("since", ""),
        page=query.get("page", "1"),
        verb=query.get("verb", ""),
        kind=query.get("kind", ""),
    )


class ReviewPage(OrganizationPage):
    place = "approvals"

    def get(self, request: HttpRequest, organization: str, number: int) -> HttpResponse:
        rollout = access_rollout(self.actor, number)
        return self._answer(request, rollout, asked_of(request))

    def post(self, request: HttpRequest, organization: str, number: int) -> HttpResponse:
        """A plan that changed meanwhile is refused beside the form: the comment stays, and so does what was looked at."""
        rollout = access_rollout(self.actor, number)
        form = request.POST
        if form.get("decision") not in {"approve", "reject"}:
            raise Invalid("Choose to approve or to reject.")
        seen = form.get("plan_digest", "")
        try:
            decide(
                self.actor,
                rollout.id,
                plan_digest=seen,
                approved=form["decision"] == "approve",
                comment=form.get("why", ""),
            )
        except (Outdated, Conflict) as problem:
            return self._refused(request, rollout, seen, problem)
        address = reverse("rollout", args=[organization, number])
        if self.alone:
            return HttpResponse(status=204, headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)

    def _refused(self, request: HttpRequest, rollout: Rollout, seen: str, problem: Problem) -> HttpResponse:
        rollout.refresh_from_db(fields=["phase", "plan_digest", "reasons"])
        difference = ""
        if isinstance(problem, Outdated) and seen:
            address = reverse("review", args=[self.actor.organization_slug, rollout.number])
            difference = f"{address}?{urlencode({'since': seen})}"
        context = {"problem": problem, "difference": difference}
        if self.alone:
            return self.page("dashboard/review/_refused.html", context, status=problem.status)
        asked = Asked(since=seen if difference else "")
        return self._answer(
            request, rollout, asked, status=problem.status, why=request.POST.get("why", ""), **context
        )

    def _answer(
        self, request: HttpRequest, rollout: Rollout, asked: Asked, *, status: int = 200, **more: Any
    ) -> HttpResponse:
        review = review_of(self.actor, rollout, asked)
        context = {"review": review, "rollout": rollout, "asked": asked, **more}
        part = request.GET.get("part")
        if part is not None and (part not in _PARTS or review is None):
            raise NotFound("There is no such part of this page.")
        return self.page(_PARTS[part] if part else "dashboard/review.html", context, status=status)


class WholeObject(OrganizationPage):
    """One object before and after, whole: asked for by its link, since a plan of many would be long."""

    place = "approvals"

    def get(self, request: HttpRequest, organization: str, number: int) -> HttpResponse:
        rollout = access_rollout(self.actor, number)
        plan, key = request.GET.get("plan", ""), request.GET.get("key", "")
        if not key:
            context = {"rollout": rollout, "keys": objects_of_plan(rollout, plan), "plan": plan}
            return self.page("dashboard/plan/objects.html", context)
        return self.page(
            "dashboard/plan/whole.html", {"rollout": rollout, "whole": whole_object(rollout, plan, key)}
        )
