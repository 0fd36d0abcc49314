from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.core.problems import Invalid, Problem
from apps.dashboard.forms.fields import Field, Form, filled, refused
from apps.dashboard.pictures.settings import token_lines
from apps.dashboard.views.settings.page import SettingsPage, beside_the_form
from apps.organizations import services
from apps.organizations.access import OF_SCOPE, Right, authorize, decide
from apps.organizations.choices import TokenScope

_DAYS = (("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "never"))


class Tokens(SettingsPage):
    """One's own; of everybody for who manages people."""

    section = "settings-tokens"
    asks_again = frozenset({"POST"})

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        return self._page(Form(self._fields()))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        """The secret is on the answer, this once."""
        form = Form(filled(self._fields(), request.POST), extra={"scopes": request.POST.getlist("scopes")})
        try:
            shown = self._make(form)
        except Problem as problem:
            return self._page(refused(form, beside_the_form(problem)), status=problem.status, problem=problem)
        answer = self._page(Form(self._fields()), secret=shown.secret, made=shown.row)
        answer["Cache-Control"] = "private, no-store"
        return answer

    def _make(self, form: Form) -> services.Shown:
        days = form["days"].value
        if days not in dict(_DAYS):
            raise Invalid("", fields={"days": "Choose one of these."})
        if not form["name"].value:
            raise Invalid("", fields={"name": "A name tells it from the others: what will use it?"})
        return services.create_token(
            self.actor,
            name=form["name"].value,
            token_scopes=form.extra["scopes"],
            expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
        )

    def _fields(self) -> tuple[Field, ...]:
        return (
            Field("name", "Name", required=True, most=120, hint="What uses it: ci of boutique, my laptop"),
            Field("days", "Runs out after", "select", value="90", choices=_DAYS),
        )

    def _page(
        self, form: Form, *, status: int = 200, problem: Problem | None = None, **more: Any
    ) -> HttpResponse:
        people = decide(self.actor, Right.MANAGE_PEOPLE)
        everybody = self.request.GET.get("whose") == "everybody"
        if everybody:
            authorize(self.actor, Right.MANAGE_PEOPLE)
        page, tokens = token_lines(self.actor, everybody=everybody, page=self.request.GET.get("page", "1"))
        context = {
            "form": form,
            "chosen": form.extra.get("scopes", ["read"]),
            "scopes": [(str(scope), scope.label, self._without_right(scope)) for scope in TokenScope],
            "scopes_mistake": problem.fields.get("scopes", "") if problem else "",
            "page": page,
            "tokens": tokens,
            "everybody": everybody,
            "people": people,
            **more,
        }
        return self.settings_page("tokens", context, status=status)

    def _without_right(self, scope: TokenScope) -> str:
        """A token never does more than its person: said where that leaves nothing of a scope."""
        able = any(decide(self.actor, right).allowed for right in OF_SCOPE[scope] - {Right.SEE})
        return "" if able or scope == TokenScope.READ else f"as {self.actor.role} only where a grant lets you"


class Revoke(SettingsPage):
    http_method_names = ("post",)

    def post(self, request: HttpRequest, organization: str, token: UUID) -> HttpResponse:
        row = services.revoke_token(self.actor, token)
        answer = redirect("settings-tokens", organization)
        if row.user_id != self.actor.user_id:
            answer["Location"] += "?whose=everybody"
        return answer
