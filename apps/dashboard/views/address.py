"""The address one signs in with: asking for another one, and the page behind the link that verifies it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from apps.core.addresses import address_of
from apps.core.problems import Problem
from apps.dashboard.asking_again import ask_again, must_ask_again
from apps.dashboard.door import problem_page
from apps.dashboard.forms.fields import Field, Form, filled, refused
from apps.dashboard.views.account import AccountPage
from apps.organizations.signing_in.addresses import (
    address_asked_for,
    address_of_link,
    ask_for_address,
    confirm_address,
    mail_is_configured,
)


class _AsksAgain(AccountPage):
    asks_again = frozenset({"POST"})

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and must_ask_again(self, request):
            try:
                return ask_again(self, request)
            except Problem as problem:
                return problem_page(request, problem)
        return super().dispatch(request, *args, **kwargs)


class ChangeAddress(_AsksAgain):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(Form(self._fields()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = Form(filled(self._fields(), request.POST))
        try:
            ask_for_address(self.user, form["email"].value, address=address_of(request.META))
        except Problem as problem:
            return self._page(refused(form, problem), status=problem.status)
        return redirect("account-address")

    def _fields(self) -> tuple[Field, ...]:
        return (Field("email", "New address", "email", required=True, most=254, autocomplete="email"),)

    def _page(self, form: Form, *, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "person": self.user,
            "change": address_asked_for(self.user),
            "by_mail": mail_is_configured(),
        }
        return render(self.request, "dashboard/account/address.html", context, status=status)


class ConfirmAddress(AccountPage):
    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        try:
            email = address_of_link(self.user, key)
        except Problem as problem:
            return problem_page(request, problem)
        context = {"person": self.user, "email": email}
        return render(request, "dashboard/account/address_confirm.html", context)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        try:
            confirm_address(self.user, key, address=address_of(request.META))
        except Problem as problem:
            return problem_page(request, problem)
        return redirect("account")
