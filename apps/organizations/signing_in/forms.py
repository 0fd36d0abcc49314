"""allauth's forms for second factors, on our table of used codes and our count of failures."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms

from apps.organizations.signing_in.attempts import TooSoon, begin, succeeded
from apps.organizations.signing_in.codes import factor_opened_by, use_code
from apps.organizations.signing_in.failures import audit_failure

_MOST = 20  # characters of a code with its spaces


class _Code(forms.Form):
    user: Any
    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        account = self.user.email
        try:
            attempt = begin(context.request, account, codes=True)
        except TooSoon as problem:
            raise forms.ValidationError(problem.sentence, code="too_soon") from problem
        found = factor_opened_by(self.user, code) if len(code) <= _MOST else None
        if found is None:
            audit_failure(context.request, account, failures=attempt.failures, what="code")
            raise get_adapter().validation_error("incorrect_code")
        succeeded(attempt)
        found.user = self.user
        self.authenticator = found
        return code


class SignInByCode(_Code, AuthenticateForm):  # type: ignore[misc]  # allauth is untyped
    pass


class AskAgainByCode(_Code, ReauthenticateForm):  # type: ignore[misc]  # same
    pass


class ActivateApp(ActivateTOTPForm):  # type: ignore[misc]  # same
    def clean_code(self) -> str:
        """The code that proves the app is set up opens nothing afterwards."""
        code: str = self.cleaned_data["code"]
        if len(code) > _MOST or not use_code(self.user, self.secret, code):
            raise get_adapter().validation_error("incorrect_code")
        return code
