"""allauth's adapter: no self-registration; people come by `slipway init` and by invitations."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.core.addresses import address_of
from apps.organizations.signing_in.attempts import Attempt, TooSoon, begin, succeeded
from apps.organizations.signing_in.browsers import remember_browser
from apps.organizations.signing_in.failures import audit_failure
from apps.organizations.signing_in.freshness import mark_fresh

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def add_message(self, *arguments: Any, **keywords: Any) -> None:
        """Our pages say it themselves; messages that no page shows would pile up in a cookie."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request.META)

    def post_login(self, request: HttpRequest, user: Any, **keywords: Any) -> Any:
        mark_fresh(request)
        response = super().post_login(request, user, **keywords)
        remember_browser(request, response, user.email)
        return response

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        account = str(credentials.get("email") or "")
        attempt = self._begin(request, account)
        user = super().authenticate(request, **credentials)
        self._end(request, account, attempt, good=user is not None)
        return user

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Not by allauth's table of addresses, in which a person need not be."""
        attempt = self._begin(context.request, user.email)
        good: bool = user.check_password(password)
        self._end(context.request, user.email, attempt, good=good)
        return good

    def _begin(self, request: HttpRequest, account: str) -> Attempt:
        try:
            return begin(request, account)
        except TooSoon as problem:
            raise ValidationError(problem.sentence, code="too_soon") from problem

    def _end(self, request: HttpRequest, account: str, attempt: Attempt, *, good: bool) -> None:
        if good:
            succeeded(attempt)
        else:
            audit_failure(request, account, failures=attempt.failures, what="password")

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: Any = None, email: str | None = None
    ) -> None:
        super().send_notification_mail(template_prefix, user, context, email or user.email)

    def send_mail(self, template_prefix: str, email: str, facts: Any) -> None:
        """What was done stays done when the mail about it cannot be sent."""
        try:
            super().send_mail(template_prefix, email, facts)
        except (OSError, SMTPException) as error:
            log.warning("mail_not_sent", mail=template_prefix, error=type(error).__name__)
