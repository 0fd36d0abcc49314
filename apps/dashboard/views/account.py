"""One's own account: name, password, where one is signed in, the organizations one is in. No organization's page."""

from __future__ import annotations

from typing import Any

from allauth.account.views import PasswordChangeView
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views import View

from apps.audit.services import Audit
from apps.core.addresses import address_of
from apps.core.problems import NotFound, Problem
from apps.dashboard.door import problem_page
from apps.dashboard.forms.fields import Field, Form, filled, refused
from apps.organizations.access import roles_of
from apps.organizations.models import User
from apps.organizations.services import record_in_each_organization, rename_person
from apps.organizations.sessions import end_other_sessions, end_session, sessions_of


class AccountPage(LoginRequiredMixin, View):
    @property
    def user(self) -> User:
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101  LoginRequiredMixin, for the type
        return user


class Account(AccountPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(Form(self._fields()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = Form(filled(self._fields(), request.POST))
        try:
            rename_person(self.user, name=form["name"].value, address=address_of(request.META))
        except Problem as problem:
            return self._page(refused(form, problem), status=problem.status)
        return redirect("account")

    def _fields(self) -> tuple[Field, ...]:
        hint = "As others see it beside what you do."
        name = Field(
            "name", "Name", value=self.user.name, required=True, most=120, autocomplete="name", hint=hint
        )
        return (name,)

    def _page(self, form: Form, *, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "person": self.user,
            "sessions": sessions_of(self.user, current=self.request.session.session_key),
            "memberships": roles_of(self.user),
        }
        return render(self.request, "dashboard/account.html", context, status=status)


class EndSession(AccountPage):
    http_method_names = ("post",)

    def post(self, request: HttpRequest, session: int) -> HttpResponse:
        try:
            end_session(self.user, session, address=address_of(request.META))
        except NotFound as problem:
            return problem_page(request, problem)
        return redirect("account")


class EndOtherSessions(AccountPage):
    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        current = request.session.session_key
        end_other_sessions(self.user, current=current, address=address_of(request.META))
        return redirect("account")


class ChangePassword(PasswordChangeView):  # type: ignore[misc]  # allauth is untyped
    """allauth's, in our look. Other sessions are over with it: their mark is the old password's."""

    success_url = reverse_lazy("account")

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        user: User = form.user
        audit = Audit("person.password", "person", str(user), user.pk)
        record_in_each_organization(user, audit, address=address_of(self.request.META))
        return answer
