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
from apps.organizations.models import Membership, Organization

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
        if days not in dict(self._days()):
            raise Invalid("", fields={"days": "Choose one of these."})
        if not form["name"].value:
            raise Invalid("", fields={"name": "A name tells it from the others: what will use it?"})
        return services.create_token(
            self.actor,
            name=form["name"].value,
            token_scopes=form.extra["scopes"],
            expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
            addresses=[line for line in form["addresses"].value.split("\n") if line.strip()],
            account_id=self._account(form),
        )

    def _account(self, form: Form) -> UUID | None:
        names = {field.name for field in form.fields}
        if "account" not in names or not form["account"].value:
            return None
        try:
            return UUID(form["account"].value)
        except ValueError:
            raise Invalid("", fields={"account": "Choose one of these."}) from None

    def _days(self) -> tuple[tuple[str, str], ...]:
        """Those that the organization allows, its most among them."""
        most = self._organization().token_days_most
        if most is None:
            return _DAYS
        fitting = tuple((days, words) for days, words in _DAYS if days and int(days) < most)
        return (*fitting, (str(most), f"{most} days"))

    def _organization(self) -> Organization:
        if not hasattr(self, "_row"):
            self._row: Organization = Organization.objects.get(id=self.actor.organization_id)
        return self._row

    def _fields(self) -> tuple[Field, ...]:
        days = self._days()
        fields = (
            Field("name", "Name", required=True, most=120, hint="What uses it: ci of boutique, my laptop"),
            Field(
                "days",
                "Runs out after",
                "select",
                value="90" if "90" in dict(days) else days[-1][0],
                choices=days,
            ),
            Field(
                "addresses",
                "Works only from",
                "lines",
                mono=True,
                hint="Networks, one a line: 10.1.0.0/16 or 203.0.113.7. Empty: from anywhere.",
            ),
        )
        accounts = self._accounts()
        if not accounts:
            return fields
        asked = self.request.GET.get("account", "")
        return (
            *fields,
            Field("account", "Acts as", "select", value=asked, choices=(("", "you"), *accounts)),
        )

    def _accounts(self) -> tuple[tuple[str, str], ...]:
        if not decide(self.actor, Right.MANAGE_PEOPLE).allowed:
            return ()
        rows = Membership.objects.filter(user__is_service=True, suspended_at__isnull=True)
        named = rows.select_related("user").order_by("user__name")[:200]
        return tuple((str(row.id), f"{row.user}, a service account") for row in named)

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
            "most_days": self._organization().token_days_most,
            **more,
        }
        return self.settings_page("tokens", context, status=status)

    def _without_right(self, scope: TokenScope) -> str:
        """A token never does more than its person: said where that leaves nothing of a scope."""
        able = any(decide(self.actor, right).allowed for right in OF_SCOPE[scope] - {Right.SEE})
        return "" if able or scope == TokenScope.READ else f"as {self.actor.role} only where a grant lets you"


class TokenDays(SettingsPage):
    """How long a token of this organization may live."""

    http_method_names = ("post",)
    asks_again = frozenset({"POST"})

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        text = request.POST.get("days", "").strip()
        if text and (not text.isdecimal() or len(text) > 4):
            raise Invalid("From 1 to 3,650 days; empty for no limit.")
        services.set_token_days(self.actor, int(text) if text else None)
        return redirect("settings-tokens", organization)


class Revoke(SettingsPage):
    http_method_names = ("post",)

    def post(self, request: HttpRequest, organization: str, token: UUID) -> HttpResponse:
        row = services.revoke_token(self.actor, token)
        answer = redirect("settings-tokens", organization)
        if row.user_id != self.actor.user_id:
            answer["Location"] += "?whose=everybody"
        return answer
