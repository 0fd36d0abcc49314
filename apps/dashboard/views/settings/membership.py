"""One's own place in the organization: what one is here, an ownership that is offered, and the way out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.problems import NotFound, Problem
from apps.dashboard.pictures.settings import member_line
from apps.dashboard.views.settings.page import SettingsPage, beside_the_form
from apps.organizations import services
from apps.organizations.models import ApiToken, Membership
from apps.organizations.services.ownership import LAST_OWNER, able_owners, open_transfer


class OwnMembership(SettingsPage):
    section = "settings-membership"
    asks_again = frozenset({"POST"})

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        act = request.POST.get("act", "")
        try:
            if act == "accept":
                services.accept_ownership(self.actor)
            elif act == "decline":
                services.withdraw_ownership(self.actor)
            elif act == "leave":
                services.leave(self.actor)
                return redirect("chooser")
            else:
                raise NotFound("There is no such act.")
        except Problem as problem:
            return self._page(mistake=beside_the_form(problem).sentence, act=act, status=problem.status)
        return redirect("settings-membership", organization)

    def _page(self, *, mistake: str = "", act: str = "", status: int = 200) -> HttpResponse:
        row = (
            Membership.objects.select_related("user")
            .prefetch_related("teams__team")
            .get(user_id=self.actor.user_id)
        )
        offer = open_transfer()
        last = row.role == "owner" and not able_owners(row.organization_id).exclude(id=row.id).exists()
        context = {
            "line": member_line(self.actor, row),
            "offer": offer if offer is not None and offer.taker_id == row.id else None,
            "leave_why_not": LAST_OWNER if last else "",
            "tokens": ApiToken.objects.filter(user_id=row.user_id, revoked_at__isnull=True).count(),
            "mistake": mistake,
            "act": act,
        }
        return self.settings_page("membership", context, status=status)
