from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.core.problems import NotFound
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.activity import recent_activity
from apps.dashboard.pictures.applications_sought import moving_rollouts
from apps.dashboard.pictures.details import detail_of
from apps.dashboard.pictures.look import Look, read_look
from apps.dashboard.pictures.matrix import matrix_of
from apps.dashboard.pictures.waiting import inbox_of
from apps.dashboard.saved import access_view, delete_view, look_of, save_view, views_of
from apps.dashboard.words import count
from apps.organizations.access import Right, decide, organizations_of
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
        part = self.part
        if part == "waiting":
            return self.page("dashboard/home/_mine.html", self._mine())
        if part == "detail":
            return self.page("dashboard/home/_detail.html", {"detail": detail_of(_uuid(request.GET))})
        if part == "matrix":
            answer = self.page("dashboard/home/_matrix.html", self._matrix())
            if request.headers.get("HX-Trigger") == "matrix-filter":  # typed, so the address says it, too
                answer["HX-Replace-Url"] = _address(organization, read_look(request.GET).query())
            return answer
        return self.page(
            "dashboard/home.html", {**self._mine(), **self._matrix(), "activity": recent_activity()}
        )

    def _matrix(self) -> dict[str, Any]:
        """A saved view is an address: what stands beside it in the link does not change what it shows."""
        asked = self.request.GET
        views = list(views_of(self.actor))
        view = next((view for view in views if view.slug == asked.get("view")), None)
        if view is None and asked.get("view"):
            access_view(self.actor, asked["view"])  # says that there is none
        look = look_of(view) if view else read_look(asked)
        return {
            "matrix": matrix_of(self.actor, look, page=asked.get("page", "1")),
            "views": views,
            "view": view,
            "may_delete_view": view is not None
            and (view.person_id == self.actor.user_id or decide(self.actor, Right.CONFIGURE).allowed),
            "place_query": urlencode({"view": view.slug}) if view else look.query(),
        }

    def _mine(self) -> dict[str, Any]:
        inbox = inbox_of(self.actor)
        active = [str(phase) for phase in ACTIVE]
        moving = moving_rollouts().filter(phase__in=active).count()
        return {"inbox": inbox, "sentence": _sentence(inbox.count, moving)}


class SavedViews(OrganizationPage):
    """Keeps the look that the form carries, and shows it under its new link."""

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        view = save_view(
            self.actor,
            name=request.POST.get("name", ""),
            look=_posted_look(request),
            shared=request.POST.get("shared") == "on",
        )
        return redirect(_address(organization, urlencode({"view": view.slug})))


class SavedViewDelete(OrganizationPage):
    """What it showed stays on the screen, under its plain address."""

    def post(self, request: HttpRequest, organization: str, view: str) -> HttpResponse:
        look = look_of(access_view(self.actor, view))
        delete_view(self.actor, view)
        return redirect(_address(organization, look.query()))


def _posted_look(request: HttpRequest) -> Look:
    return read_look(QueryDict(request.POST.get("query", "")))


def _address(organization: str, query: str) -> str:
    path = reverse("home", args=[organization])
    return f"{path}?{query}" if query else path


def _uuid(asked: QueryDict) -> UUID:
    try:
        return UUID(asked.get("target", ""))
    except ValueError:
        raise NotFound("There is no such target.") from None


_NUMBERS = ("Nothing", "One thing", "Two things", "Three things", "Four things", "Five things", "Six things")


def _sentence(waiting: int, moving: int) -> str:
    """ "Two things wait for you; one rollout is moving"."""
    first = _NUMBERS[waiting] if waiting < len(_NUMBERS) else f"{waiting} things"
    verb = "wait" if waiting > 1 else "waits"
    if not moving:
        return f"{first} {verb} for you; nothing is moving"
    number = "one rollout" if moving == 1 else count(moving, "rollout")
    return f"{first} {verb} for you; {number} {'is' if moving == 1 else 'are'} moving"
