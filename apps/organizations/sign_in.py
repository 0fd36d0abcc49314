"""allauth's adapter: no self-registration; people come by `slipway init` and by invitations."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from apps.core.addresses import address_of
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
        return super().post_login(request, user, **keywords)

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: Any = None, email: str | None = None
    ) -> None:
        super().send_notification_mail(template_prefix, user, context, email or user.email)

    def send_mail(self, template_prefix: str, email: str, context: Any) -> None:
        """What was done stays done when the mail about it cannot be sent."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            log.warning("mail_not_sent", mail=template_prefix, error=type(error).__name__)
