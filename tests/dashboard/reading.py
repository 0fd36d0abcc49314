"""Asking for pages as a signed-in person, and reading them as a person does."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client

from tests.people import PASSWORD


def browser(user: Any) -> Client:
    """Signed in as a person does it, a moment ago."""
    client = Client()
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def let_in(user: Any) -> Client:
    """Signed in without the page for it: nothing says when that was, so a dangerous act asks again."""
    client = Client()
    assert client.login(email=user.email, password=PASSWORD)
    return client


def words(html: bytes | str) -> str:
    """The text of a page as it is read, blanks folded."""
    text = html.decode() if isinstance(html, bytes) else html
    text = re.sub(r"(?s)<(script|svg|style).*?</\1>", " ", text)
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())
    return re.sub(r" ([.,;:])(?= |$)", r"\1", text)


def key_in(html: bytes) -> str:
    """Of the form that is sent once."""
    found = re.search(r'name="key" value="([^"]+)"', html.decode())
    assert found
    return found[1]
