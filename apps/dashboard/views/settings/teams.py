"""Teams: people who are named together, and what they may do by it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.problems import NotFound, Problem
from apps.dashboard.forms.fields import Field, Form, filled, refused
from apps.dashboard.pictures.settings import PAGE_SIZE, team_lines
from apps.dashboard.views.settings import granting
from apps.dashboard.views.settings.page import SettingsPage, beside_the_form
from apps.organizations import services
from apps.organizations.access import Right, authorize
from apps.organizations.models import Membership, Team

_MOST_NAMED = 500  # members in the list to choose from


class Teams(SettingsPage):
    section = "settings-teams"
    asks_again = frozenset({"POST"})

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        authorize(self.actor, Right.MANAGE_PEOPLE)
        return self._page(Form(self._fields()))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        form = Form(filled(self._fields(), request.POST))
        try:
            team = services.create_team(self.actor, slug=form["slug"].value, name=form["name"].value)
        except Problem as problem:
            return self._page(refused(form, beside_the_form(problem)), status=problem.status)
        return redirect("settings-team", organization, team.slug)

    def _fields(self) -> tuple[Field, ...]:
        return (
            Field("name", "Name", required=True, most=120),
            Field("slug", "Short name", required=True, most=60, mono=True, hint="In policies: payments"),
        )

    def _page(self, form: Form, *, status: int = 200) -> HttpResponse:
        rows = Team.objects.prefetch_related("members__membership__user").order_by("name", "id")
        page = Paginator(rows, PAGE_SIZE).get_page(self.request.GET.get("page", "1"))
        return self.settings_page(
            "teams", {"form": form, "page": page, "teams": team_lines(list(page))}, status=status
        )


class OneTeam(SettingsPage):
    """Who is in it, what it may do, and its end."""

    section = "settings-teams"
    asks_again = frozenset({"POST"})

    def get(self, request: HttpRequest, organization: str, team: str) -> HttpResponse:
        authorize(self.actor, Right.MANAGE_PEOPLE)
        return self._page(services.access_team(self.actor, team))

    def post(self, request: HttpRequest, organization: str, team: str) -> HttpResponse:
        row = services.access_team(self.actor, team)
        act = request.POST.get("act", "")
        try:
            if act == "add":
                services.add_to_team(self.actor, row, self._member())
            elif act == "take-out":
                services.remove_from_team(self.actor, row, self._member())
            elif act == "rename":
                services.rename_team(self.actor, row, name=request.POST.get("name", ""))
            elif act == "grant":
                granting.give(self.actor, row, request.POST)
            elif act == "take":
                granting.take_back(self.actor, request.POST)
            elif act == "delete":
                services.delete_team(self.actor, row)
                return redirect("settings-teams", organization)
            else:
                raise NotFound("There is no such act.")
        except Problem as problem:
            return self._page(row, mistake=beside_the_form(problem).sentence, act=act, status=problem.status)
        return redirect("settings-team", organization, row.slug)

    def _member(self) -> UUID:
        try:
            return UUID(self.request.POST.get("member", ""))
        except ValueError:
            raise NotFound("There is no such member.") from None

    def _page(self, row: Team, *, mistake: str = "", act: str = "", status: int = 200) -> HttpResponse:
        team = Team.objects.prefetch_related("members__membership__user").get(id=row.id)
        (line,) = team_lines([team])
        there = {member.id for member in line.members}
        others = Membership.objects.select_related("user").exclude(user_id=self.actor.user_id)
        context: dict[str, Any] = {
            "line": line,
            "others": [
                member
                for member in others.order_by("user__name", "user__email")[:_MOST_NAMED]
                if member.id not in there
            ],
            "grant_why_not": "You are in this team: a grant is given by somebody else."
            if any(held.id == team.id for held in self.actor.teams)
            else "",
            **granting.choices(self.actor),
            "mistake": mistake,
            "act": act,
        }
        return self.settings_page("team", context, status=status)
