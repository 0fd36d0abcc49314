"""allauth's adapter: no self-registration; people come by `slipway init` and by invitations."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def add_message(self, *arguments: Any, **keywords: Any) -> None:
        """Our pages say it themselves; messages that no page shows would pile up in a cookie."""
