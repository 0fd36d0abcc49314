"""Passkeys in a real browser, whose authenticator is Chromium's own virtual one, at http://localhost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

FACTORS = "/accounts/second-factor/"


def give_authenticator(visitor: Any) -> Any:
    """One that is built into the device and knows its owner by a finger."""
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]


def add_passkey(visitor: Any, name: str) -> None:
    page = visitor.open(f"{FACTORS}passkeys/add/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/recovery-codes/")


def test_a_passkey_is_added_named_signs_in_alone_and_is_removed(
    visit: Callable[..., Any], story: Story
) -> None:
    visitor = visit(story.people.bo)
    page = visitor.page
    give_authenticator(visitor)
    add_passkey(visitor, "Laptop")
    codes = page.locator("#codes li")
    assert codes.count() == 10
    first = codes.first.inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download them").click()
    assert download.value.suggested_filename == "slipway-recovery-codes.txt"
    assert first in Path(download.value.path()).read_text().splitlines()
    page.get_by_role("link", name="I have them").click()
    assert page.locator("#passkeys-title ~ *").count() > 0
    page.get_by_role("link", name="Rename Laptop").click()
    page.get_by_role("textbox", name="Name").fill("Work laptop")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("Work laptop signs in alone").is_visible()

    visitor.context.clear_cookies()
    page = visitor.open("/o/acme/rollouts/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{visitor.url}/o/acme/rollouts/")

    page = visitor.open(FACTORS)
    page.get_by_role("link", name="Remove Work laptop").click()
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_url(f"{visitor.url}{FACTORS}")
    assert page.get_by_text("None yet. A passkey").is_visible()
    visitor.context.clear_cookies()
    page = visitor.open("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/accounts/login/?passkey=unknown")
    assert page.get_by_text("This passkey is not known here").is_visible()


def test_a_passkey_follows_the_password_and_a_browser_without_it_is_not_let_in(
    visit: Callable[..., Any], story: Story
) -> None:
    from tests.people import PASSWORD

    visitor = visit(story.people.bo)
    give_authenticator(visitor)
    add_passkey(visitor, "Laptop")
    visitor.context.clear_cookies()
    for one in (visitor, visit()):
        page = one.open("/accounts/login/")
        page.get_by_label("E-mail").fill(story.people.bo.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"**{FACTORS}code/")
    visitor.page.get_by_role("button", name="Use your passkey").click()
    visitor.page.wait_for_url(f"{visitor.url}/o/acme/")
    page.goto(f"{visitor.url}/o/acme/")
    assert page.url.startswith(f"{visitor.url}/accounts/"), "it is still asked for the second step"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_of_signing_in_is_sound(theme: str, visit: Callable[..., Any], story: Story) -> None:
    """Those that one meets only in the middle of something; the others are in the list of every page."""
    from django.utils import timezone

    from apps.core import scopes
    from apps.organizations.models import Organization
    from tests.e2e.axe import grave_findings
    from tests.e2e.pages.test_every_page import _CONTRAST, _MISTAKES
    from tests.people import PASSWORD

    mistakes: list[str] = []
    visitor = visit(story.people.bo, theme=theme)
    page = visitor.page

    def look(name: str) -> None:
        page.wait_for_load_state("networkidle")
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 740})
            found = [*page.evaluate(_MISTAKES), *grave_findings(page), *page.evaluate(_CONTRAST)]
            mistakes.extend(f"{name} {width} {mistake}" for mistake in found)

    with scopes.organization(story.people.acme.id):
        Organization.objects.update(second_factor_from=timezone.now())
    visitor.open("/o/acme/")
    look("step-up without a factor")
    give_authenticator(visitor)
    visitor.open(f"{FACTORS}passkeys/add/")
    look("add a passkey")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/recovery-codes/")
    look("recovery codes")
    for path in ("", "recovery-codes/", "recovery-codes/new/", "app/", "passkeys/again/", "code/again/"):
        visitor.open(FACTORS + path)
        look(path)
    visitor.open("/accounts/reauthenticate/")
    look("is it still you")
    visitor.open(FACTORS)
    page.get_by_role("link", name="Rename Passkey").click()
    look("rename")
    visitor.open(FACTORS)
    page.get_by_role("link", name="Remove Passkey").click()
    look("remove")
    visitor.open("/account/address/")
    page.get_by_label("New address").fill("bo.new@acme.example")
    page.get_by_role("button", name="Ask for it").click()
    page.get_by_text("waits to be verified").wait_for()
    look("address")
    visitor.context.clear_cookies()
    visitor.open("/accounts/login/")
    look("sign in")
    page.get_by_label("E-mail").fill(story.people.bo.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**{FACTORS}code/")
    look("code")
    visitor.complaints[:] = [
        one for one in visitor.complaints if "403 (Forbidden)" not in one
    ]  # the step-up page's
    assert mistakes == [], "\n".join(mistakes)
