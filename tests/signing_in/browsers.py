"""A browser without a window, and what a person with an authenticator app has in their pocket."""

from __future__ import annotations

import re
import time
from typing import Any

from django.test import Client

from tests.people import PASSWORD

FACTORS = "/accounts/second-factor/"


def signed_in(user: Any, *, address: str = "192.0.2.7", password: str = PASSWORD) -> Client:
    """Up to where the password leads."""
    client = Client(REMOTE_ADDR=address)
    sign_in(client, user, password=password)
    return client


def sign_in(client: Client, user: Any, *, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": user.email, "password": password})


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


class App:
    """An authenticator app. `forth` steps on in time: each code is good once, and tests do not wait 30 seconds."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def code(self, *, forth: int = 0) -> str:
        from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

        return str(format_hotp_value(hotp_value(self.secret, int(time.time()) // 30 + forth)))


def set_up_app(client: Client) -> App:
    """As a person does it: read the secret off the page, type the first code."""
    page = client.get(f"{FACTORS}app/")
    found = re.search(r'id="secret">([A-Z2-7]+)<', page.content.decode())
    assert found, page.content.decode()
    app = App(found[1])
    answer = client.post(f"{FACTORS}app/", {"code": app.code(forth=-1)})
    assert answer.status_code == 302, words(answer)
    return app


def audited(organization: Any, action: str) -> list[tuple[str, Any]]:
    """(who, after) of each entry of that action."""
    import json

    from apps.audit.models import AuditEntry
    from apps.core import scopes

    with scopes.organization(organization.id):
        rows = AuditEntry.objects.filter(action=action).order_by("number")
        return [(row.actor_label, json.loads(bytes(row.canonical))["after"]) for row in rows]
