"""Second factors: allauth's pages in our look. Each change is in the audit of every organization that trusts the account."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.base.views import AuthenticateView, IndexView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    EditWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy

from apps.audit.services import Audit
from apps.core.addresses import address_of
from apps.organizations.models import User
from apps.organizations.services import record_in_each_organization
from apps.organizations.sessions import end_other_sessions
from apps.organizations.signing_in.freshness import forget_removed_factors, note_shown
from apps.organizations.signing_in.passkeys import NO_PASSKEY


class Page:
    """What is said to the browser's authenticator goes along in an attribute: the policy allows no script in a page."""

    request: HttpRequest

    def get_context_data(self, **keywords: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**keywords)  # type: ignore[misc]  # a view's
        if "js_data" in context:
            context["options"] = json.dumps(context["js_data"], cls=DjangoJSONEncoder)
        return context

    def record(self, action: str, label: str) -> None:
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101  for the type: allauth let nobody else in
        audit = Audit(action, "person", str(user), user.pk, after={"factor": label})
        record_in_each_organization(user, audit, address=address_of(self.request.META))

    def shown(self, kind: str) -> None:
        """Who has just set a factor up has shown it."""
        user = self.request.user
        row = Authenticator.objects.filter(user_id=user.pk, type=kind).latest("pk")
        note_shown(self.request, user, "mfa", id=row.pk, type=kind)

    def removed(self, label: str) -> None:
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101  as above
        self.record("factor.remove", label)
        forget_removed_factors(self.request, user)
        address = address_of(self.request.META)
        end_other_sessions(user, current=self.request.session.session_key, address=address)


class SecondFactor(Page, IndexView):  # type: ignore[misc]  # allauth is untyped
    def get_context_data(self, **keywords: Any) -> dict[str, Any]:
        context = super().get_context_data(**keywords)
        context["person"] = self.request.user
        return context


class ActivateApp(Page, ActivateTOTPView):  # type: ignore[misc]  # same
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        self.shown(Authenticator.Type.TOTP)
        self.record("factor.add", "authenticator app")
        return answer


class DeactivateApp(Page, DeactivateTOTPView):  # type: ignore[misc]  # same
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        self.removed("authenticator app")
        return answer


class AddPasskey(Page, AddWebAuthnView):  # type: ignore[misc]  # same
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        self.shown(Authenticator.Type.WEBAUTHN)
        self.record("factor.add", f"passkey {form.cleaned_data['name']}")
        return answer


class RenamePasskey(Page, EditWebAuthnView):  # type: ignore[misc]  # same
    success_url = reverse_lazy("mfa_index")


class RemovePasskey(Page, RemoveWebAuthnView):  # type: ignore[misc]  # same
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        name = self.get_object().wrap().name
        answer: HttpResponse = super().form_valid(form)
        self.removed(f"passkey {name}")
        return answer


class RecoveryCodes(Page, ViewRecoveryCodesView):  # type: ignore[misc]  # same
    def render_to_response(self, context: Any, **keywords: Any) -> HttpResponse:
        answer: HttpResponse = super().render_to_response(context, **keywords)
        answer["Cache-Control"] = "private, no-store"
        return answer


class NewRecoveryCodes(Page, GenerateRecoveryCodesView):  # type: ignore[misc]  # same
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        self.record("factor.recovery-codes", "recovery codes")
        return answer


class AskCode(Page, AuthenticateView):  # type: ignore[misc]  # same
    """Between the password and the session."""


class AskCodeAgain(Page, ReauthenticateView):  # type: ignore[misc]  # same
    pass


class AskPasskeyAgain(Page, ReauthenticateWebAuthnView):  # type: ignore[misc]  # same
    def form_invalid(self, form: Any) -> HttpResponse:
        context = self.get_context_data(form=form, mistake=NO_PASSKEY)
        answer: HttpResponse = self.render_to_response(context, status=422)
        return answer


class SignInWithPasskey(Page, LoginWebAuthnView):  # type: ignore[misc]  # same
    def get(self, request: HttpRequest, *arguments: Any, **keywords: Any) -> HttpResponse:
        answer: HttpResponse = super().get(request, *arguments, **keywords)
        if isinstance(answer, JsonResponse):
            answer["Cache-Control"] = "private, no-store"
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        """allauth's own forgets where one wanted to go."""
        factor = form.cleaned_data["credential"]
        login = Login(user=factor.user, redirect_url=get_next_redirect_url(self.request))
        answer: HttpResponse = perform_passwordless_login(self.request, factor, login)
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        return redirect(f"{reverse('account_login')}?passkey=unknown")
