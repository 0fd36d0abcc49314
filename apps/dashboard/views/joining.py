"""The page behind an invitation's link. The link alone carries no right: it asks for a password or a signed-in person."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from apps.core.problems import Problem
from apps.organizations.models import User
from apps.organizations.services import accept_invitation, join_by_invitation
from apps.organizations.signing_in.freshness import note_shown


@sensitive_post_parameters("password")
@never_cache
def join(request: HttpRequest, secret: str) -> HttpResponse:
    signed_in = request.user if isinstance(request.user, User) else None
    problem: Problem | None = None
    if request.method == "POST":
        try:
            if signed_in is not None:
                join_by_invitation(secret, signed_in)
            else:
                name, password = request.POST.get("name", ""), request.POST.get("password", "")
                user = accept_invitation(secret, password=password, name=name)
                login(request, user, backend="django.contrib.auth.backends.ModelBackend")
                note_shown(request, user, "password")
            return redirect("chooser")
        except Problem as refused:
            problem = refused
    context = {"problem": problem, "signed_in": signed_in, "name": request.POST.get("name", "")}
    # The address is the secret. `same-origin` (our default) keeps it here; `no-referrer` would make the browser send
    # "Origin: null" with the form, which the CSRF check refuses.
    return render(request, "dashboard/join.html", context, status=problem.status if problem else 200)
