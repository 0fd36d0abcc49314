"""Every page of an organization comes through here: signed in, a member, in its scope until the page is rendered."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from apps.core import scopes
from apps.core.addresses import address_of
from apps.core.problems import Forbidden, NotFound, Problem
from apps.dashboard.asking_again import ask_again, must_ask_again
from apps.dashboard.frame import frame_of
from apps.live.reading import picture
from apps.organizations.access import Actor, access_organization
from apps.organizations.api.refusals import audit_refusal
from apps.organizations.signing_in.factors import factors_of
from apps.organizations.signing_in.proofs import StepUp, proof_of


class OrganizationPage(LoginRequiredMixin, View):
    """`self.actor` is set; GET sees one instant of the database, POST its own transaction."""

    actor: Actor
    place = ""  # which entry of the rail is current
    opens_scope = True  # False: the handler asks a cluster and opens its own scopes around its queries
    asks_again: frozenset[str] = frozenset()  # methods that want a sign-in of the last 15 minutes

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        refusal: Forbidden
        try:
            self.actor = access_organization(
                request.user,
                kwargs["organization"],
                channel="ui",
                address=address_of(request.META),
                proof=proof_of(request, request.user),
            )
            if must_ask_again(self, request):
                return ask_again(self, request)
            organization_id = self.actor.organization_id
            reads = request.method in {"GET", "HEAD"}
            if not self.opens_scope:
                return super().dispatch(request, *args, **kwargs)
            with picture(organization_id) if reads else scopes.organization(organization_id):
                return super().dispatch(request, *args, **kwargs)
        except NotFound as problem:
            return problem_page(request, problem)
        except StepUp as problem:
            return step_up_page(request, problem)
        except Forbidden as problem:
            refusal = problem
        except Problem as problem:
            return problem_page(request, problem)
        audit_refusal(self.actor, refusal, route=_route(request), request=request)
        return problem_page(request, refusal)

    @property
    def alone(self) -> bool:
        """A piece of a page is asked for, without what surrounds it."""
        return bool(self.request.htmx)  # type: ignore[attr-defined]  # django-htmx's middleware puts it there

    @property
    def part(self) -> str:
        """Which region asks for itself anew; "" for the whole page."""
        return self.request.GET.get("part", "") if self.alone else ""

    def page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """Rendered at once, while the scope is open."""
        whole = {"actor": self.actor, "slug": self.actor.organization_slug, "place": self.place, **context}
        if not self.alone:
            whole["frame"] = frame_of(self.actor)
        return render(self.request, template, whole, status=status)


def _route(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else ""


def problem_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A refusal in words: inside the open dialog, or as a page."""
    if transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)
    template = "dashboard/_problem.html" if getattr(request, "htmx", False) else "dashboard/problem.html"
    return render(request, template, {"problem": problem}, status=problem.status)


def step_up_page(request: HttpRequest, problem: StepUp) -> HttpResponse:
    """What is missing and the way to it. It shows the organization's name, which its members know, and nothing of it."""
    if getattr(request, "htmx", False):
        return problem_page(request, problem)
    context = {
        "problem": problem,
        "factors": factors_of(request.user),
        "back": request.get_full_path() if request.method == "GET" else "/",
    }
    return render(request, "account/step_up.html", context, status=problem.status)
