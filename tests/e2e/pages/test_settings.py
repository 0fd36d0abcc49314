"""The order by the keyboard, a session that is ended from elsewhere, and what a browser prefers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_the_order_is_changed_by_the_keyboard_and_the_focus_stays_with_the_row(
    visit: Callable[..., Any], story: Story
) -> None:
    page = visit(story.people.ada).open("/o/acme/environments/")
    page.get_by_role("button", name="Move dev later").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#environments-said")).to_have_text("dev is now number 2 of 3.")
    assert page.locator("tbody tr").evaluate_all("rows => rows.map(row => row.id)") == [
        "environment-staging",
        "environment-dev",
        "environment-production",
    ]
    assert page.evaluate("document.activeElement.id") == "later-dev"
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#environments-said")).to_have_text("dev is now number 1 of 3.")


def test_a_session_that_is_ended_elsewhere_goes_dark_within_ten_seconds(
    visit: Callable[..., Any], story: Story
) -> None:
    left = visit(story.people.bo)
    left.open("/o/acme/environments/")
    expect(left.page.locator("#live")).to_have_attribute("data-state", "live")
    here = visit(story.people.bo)
    page = here.open("/account/")
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_text("this one")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out everywhere else")).to_have_count(0)
    expect(left.page.locator("#live[data-state=live]")).to_have_count(0, timeout=10_000)
    left.page.goto(f"{left.url}/o/acme/")
    assert "/accounts/login/" in left.page.url
    left.complaints.clear()  # that its socket was shut is on its console, rightly


def test_density_and_zone_are_kept_and_there_before_the_first_paint(
    visit: Callable[..., Any], story: Story
) -> None:
    story.live("v1", "dev")
    page = visit(story.people.vic).open("/account/")
    page.get_by_label("Compact").check()
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    expect(page.locator("#zone-now")).to_contain_text("There it is")
    page.goto(page.url.replace("/account/", "/o/acme/environments/dev/"))
    assert page.evaluate("document.documentElement.dataset.density") == "compact"
    told = page.locator("#environment time").first
    moment = told.get_attribute("datetime")
    expected = page.evaluate(
        "moment => new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'medium', "
        "timeZone: 'Asia/Tokyo'}).format(new Date(moment))",
        moment,
    )
    expect(told).to_have_attribute("title", expected)


def test_on_a_phone_the_other_places_open_from_more(visit: Callable[..., Any], story: Story) -> None:
    page = visit(story.people.ana, width=360, height=740).open("/o/acme/")
    places = page.get_by_role("navigation", name="Places")
    expect(places.get_by_role("link", name="Settings")).to_be_hidden()
    places.get_by_role("button", name="More").click()
    places.get_by_role("link", name="Settings").click()
    page.wait_for_url("**/settings/people/")


def test_what_was_pasted_stays_in_the_browser_when_the_form_comes_back(
    visit: Callable[..., Any], story: Story
) -> None:
    visitor = visit(story.people.ada)
    page = visitor.open("/o/acme/settings/clusters/new/")
    page.get_by_label("Short name").fill("Main!")
    page.get_by_label("Kubeconfig").fill("apiVersion: v1\nkind: Config\ncurrent-context: none")
    page.get_by_role("button", name="Add and ask it").click()
    expect(page.locator("#field-slug-error")).to_contain_text("is no short name")
    expect(page.get_by_label("Kubeconfig")).to_have_value(
        "apiVersion: v1\nkind: Config\ncurrent-context: none"
    )
    visitor.complaints.clear()  # a 422 is an error on the console
