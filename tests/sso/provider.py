"""A real provider from outside: its administrator, and a person with a browser who goes there and back."""

from __future__ import annotations

import itertools
import re
import subprocess
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from django.test import Client

from tests.people import actor

PASSWORD = "the provider's own pass phrase"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Provider:
    address: str
    process: subprocess.Popen[str]

    def control(self, **asked: Any) -> None:
        requests.post(f"{self.address}/control/", json=asked, timeout=10).raise_for_status()

    def hire(self, email: str, *, verified: bool = True, **claims: Any) -> str:
        """Somebody new there, who claims these things; the address they sign in by."""
        login = f"{next(_numbers)}.{email}"
        self.control(
            person={"email": login, "password": PASSWORD, "verified": verified},
            claims={login: {"email": email, "email_verified": verified, **claims}},
        )
        return login

    def claim(self, login: str, email: str, **claims: Any) -> None:
        self.control(claims={login: {"email": email, "email_verified": True, **claims}})

    def sign_in(self, client: Client, start: Any, login: str) -> Any:
        """Follows our answer there, signs in by the provider's real form, and comes back to us."""
        assert start.status_code == 302, start.content.decode()
        with requests.Session() as browser:
            page = browser.get(start["Location"], allow_redirects=False, timeout=10)
            while True:
                if page.is_redirect:
                    goal = requests.compat.urljoin(page.url, page.headers["Location"])  # type: ignore[attr-defined]  # it is there
                    if urlsplit(goal).hostname == "testserver":
                        parts = urlsplit(goal)
                        return client.get(f"{parts.path}?{parts.query}")
                    page = browser.get(goal, allow_redirects=False, timeout=10)
                    continue
                token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
                assert token is not None, (page.status_code, page.url, page.text[:500])
                said = {"csrfmiddlewaretoken": token[1], "login": login, "password": PASSWORD}
                assert "login" in page.url, (page.url, page.text[:2000])
                page = browser.post(page.url, data=said, allow_redirects=False, timeout=10)
                assert page.is_redirect, page.text[:2000]


def connect(owner: Any, organization: Any, provider: Provider, *, on: bool = True, **metadata: str) -> Any:
    """A connection of an organization to a provider, set up by its owner, and the client at the provider."""
    from django.utils import timezone

    from apps.core import scopes
    from apps.organizations.connections import services
    from apps.organizations.models import Connection

    number = next(_numbers)
    whom = actor(owner, organization)
    read = services.read_metadata(provider.address)
    with scopes.organization(organization.id):
        row = services.add_connection(
            whom,
            name=f"Connection {number}",
            client_id=f"slipway-{number}",
            secret="s3cret",
            metadata=read | metadata,
        )
        if on:
            Connection.objects.filter(id=row.id).update(tested_at=timezone.now())
            services.switch_on(whom, row.id)
    provider.control(
        client={
            "id": row.client_id,
            "secret": "s3cret",
            "redirects": [f"http://testserver/accounts/oidc/{row.key}/login/callback/"],
        }
    )
    return row


def own_domain(owner: Any, organization: Any, domain: str) -> None:
    from apps.core import scopes
    from apps.organizations.connections import services

    whom = actor(owner, organization)
    with scopes.organization(organization.id):
        row = services.add_domain(whom, domain=domain)
        services.record_domain(whom, row.id, shown=True)


def go(
    client: Client, organization: Any, connection: Any, provider: Provider, login: str, **more: str
) -> Any:
    start = client.post(f"/sso/{organization.slug}/", {"connection": connection.key, **more})
    return provider.sign_in(client, start, login)
