from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.audit.models import OrganizationHead
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.activity import recent_activity
from apps.dashboard.pictures.matrix import matrix_of
from apps.dashboard.pictures.waiting import waiting_for
from apps.dashboard.words import count
from apps.organizations.access import organizations_of
from apps.rollouts.models import Rollout
from slipway.engine.phases import ACTIVE


@login_required
def chooser(request: HttpRequest) -> HttpResponse:
    """One organization opens by itself; several are chosen from."""
    assert request.user.is_authenticated  # noqa: S101  login_required, for the type
    organizations = organizations_of(request.user)
    if len(organizations) == 1:
        return redirect("home", organizations[0].slug)
    return render(request, "dashboard/chooser.html", {"organizations": organizations})


class Home(OrganizationPage):
    place = "home"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        part = request.GET.get("part", "")
        if part == "waiting" and request.htmx:  # type: ignore[attr-defined]  # django-htmx's middleware
            return self.page("dashboard/home/_mine.html", self._mine())
        matrix = matrix_of(page=request.GET.get("page", "1"), sought=request.GET.get("name", "").strip())
        if part == "matrix" and request.htmx:  # type: ignore[attr-defined]  # django-htmx's middleware
            return self.page("dashboard/home/_matrix.html", {"matrix": matrix})
        head = OrganizationHead.objects.filter(organization_id=self.actor.organization_id).first()
        return self.page(
            "dashboard/home.html",
            {
                **self._mine(),
                "matrix": matrix,
                "activity": recent_activity(),
                "head": head.activity_number if head else 0,
            },
        )

    def _mine(self) -> dict[str, Any]:
        waiting = waiting_for(self.actor)
        moving = Rollout.objects.filter(phase__in=[str(phase) for phase in ACTIVE]).count()
        return {"waiting": waiting, "sentence": _sentence(len(waiting), moving)}


_NUMBERS = ("Nothing", "One thing", "Two things", "Three things", "Four things", "Five things", "Six things")


def _sentence(waiting: int, moving: int) -> str:
    """ "Two things wait for you; one rollout is moving"."""
    first = _NUMBERS[waiting] if waiting < len(_NUMBERS) else f"{waiting} things"
    verb = "wait" if waiting > 1 else "waits"
    if not moving:
        return f"{first} {verb} for you; nothing is moving"
    number = "one rollout" if moving == 1 else count(moving, "rollout")
    return f"{first} {verb} for you; {number} {'is' if moving == 1 else 'are'} moving"
