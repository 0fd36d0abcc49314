"""In a real browser, by a real provider: the policy of the start page lets its form lead there, and back one is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import grave_findings
from tests.e2e.story import Story
from tests.sso import provider as providers
from tests.sso.conftest import start_provider  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_a_new_person_comes_in_by_the_organizations_own_provider(
    visit: Callable[..., Any],
    story: Story,
    start_provider: Callable[[str], providers.Provider],  # noqa: F811  the fixture
) -> None:
    from apps.organizations.models import User

    provider = start_provider("browser")
    people = story.people
    connection = providers.connect(people.ana, people.acme, provider)
    providers.own_domain(people.ana, people.acme, "new.example")
    login = provider.hire("nia@new.example", name="Nia")
    visitor = visit()
    provider.control(
        client={
            "id": connection.client_id,
            "secret": "s3cret",
            "redirects": [f"{visitor.url}/accounts/oidc/{connection.key}/login/callback/"],
        }
    )
    page = visitor.open("/accounts/login/")
    page.get_by_role("link", name="Single sign-on of your organization").click()
    page.get_by_label("short name").fill("acme")
    page.get_by_role("button", name="Go on").click()
    assert grave_findings(page) == []
    page.get_by_role("button", name=f"Go on with {connection.name}").click()
    expect(page.locator("input[name=login]")).to_be_visible()
    assert page.url.startswith(provider.address)
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill(providers.PASSWORD)
    page.locator("input[name=password]").press("Enter")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    assert page.url == f"{visitor.url}/o/acme/"
    assert User.objects.get(email="nia@new.example").name == "Nia"
    visitor.complaints.clear()  # what the provider's own pages lack is theirs
    page.goto(f"{visitor.url}/account/")
    expect(page.get_by_text("opens that organization and not your account")).to_be_visible()
    visitor.complaints.clear()  # the refusal is on the console, rightly
