"""Deciding on a plan, by the thumb and by the keyboard, and a plan that changes while somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.story import Story, apart
from tests.people import make_application

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def approvals(story: Story) -> list[tuple[int, str, bool, str]]:
    def read() -> list[tuple[int, str, bool, str]]:
        from apps.approvals.models import Approval
        from apps.core import scopes

        with scopes.organization(story.people.acme.id):
            rows = Approval.objects.select_related("rollout").order_by("rollout__number")
            return [(row.rollout.number, row.person_label, row.approved, row.comment) for row in rows]

    return apart(read)


def test_somebody_approves_from_the_inbox_on_a_phone(visit: Callable[..., Any], story: Story) -> None:
    story.live("v1", "production")
    waiting = story.start("v2", "production")
    waiting.plan()
    story.boutique, story.releases = make_application(story.actor("ana"), slug="search", name="search"), {}
    other = story.start("v7", "production")
    other.plan()
    page = visit(story.people.bo, width=360, height=740, touch=True).open("/o/acme/approvals/")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 plans wait for you")
    page.get_by_role("link", name="Review boutique v2 → production").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("boutique v2 → production")
    approve = page.get_by_role("button", name="Approve plan")
    expect(approve).to_be_in_viewport()  # at the thumb, wherever one reads
    box = approve.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    page.get_by_label("Why?").fill("looked at it in the train")
    approve.tap()
    page.wait_for_url(f"**{waiting.path}")
    assert approvals(story) == [(waiting.number, "Bo", True, "looked at it in the train")]
    page.get_by_role("link", name="Approvals").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("One plan waits for you")


def test_somebody_reviews_and_approves_without_a_mouse(visit: Callable[..., Any], story: Story) -> None:
    story.live("v1", "production")
    waiting = story.start("v2", "production")
    waiting.plan()
    page = visit(story.people.bo).open(f"{waiting.path}review/")
    expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=15_000)
    page.keyboard.press("j")
    assert "flags-5d1e" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")  # closes what was open
    assert page.evaluate("document.activeElement.parentElement.open") is False
    comment = page.get_by_label("Why?")
    comment.focus()
    comment.type("checked staging")
    # The plan changes while somebody writes: what was looked at stays, and so does the comment.
    waiting.plan(image="v3")
    expect(page.get_by_text("The plan changed since you looked.")).to_be_visible(timeout=15_000)
    expect(comment).to_have_value("checked staging")
    assert approvals(story) == []
    page.get_by_role("link", name="See only what is different, and decide on the new one").click()
    expect(page.get_by_role("heading", name="Different from what you looked at")).to_be_visible()
    expect(page.locator("#review-changed mark").first).to_have_text("v2")
    expect(comment).to_have_value("checked staging")
    comment.focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**{waiting.path}")
    assert approvals(story) == [(waiting.number, "Bo", True, "checked staging")]


def test_several_are_chosen_by_key_and_each_says_what_became_of_it(
    visit: Callable[..., Any], story: Story
) -> None:
    numbers = []
    for name in ("billing", "search", "shop"):
        story.boutique, story.releases = make_application(story.actor("ana"), slug=name, name=name), {}
        teller = story.start("v1", "production")
        teller.plan()
        numbers.append(teller.number)
    page = visit(story.people.bo).open("/o/acme/approvals/")
    expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=15_000)
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("#several-count")).to_have_text("2 chosen")
    # News come in, the list is fetched anew, and what was chosen stays chosen.
    with page.expect_response(lambda response: "part=inbox" in response.url):
        story.start("v1", "dev")
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(page.locator("#several-count")).to_have_text("2 chosen")
    page.get_by_label("Comment, kept with each decision").fill("both looked at")
    page.get_by_role("button", name="Approve the chosen").click()
    expect(page.locator("#outcomes")).to_contain_text("2 plans approved.")
    expect(page.get_by_role("heading", level=1)).to_have_text("One plan waits for you")
    expect(page.locator("#waiting-count")).to_have_text(", waiting for you: 1")
    expect(page.locator("#look-title")).to_have_text("shop v1 → production")
    assert approvals(story) == [(number, "Bo", True, "both looked at") for number in numbers[:2]]


def test_the_layout_of_differences_is_switched_in_place_and_remembered(
    visit: Callable[..., Any], story: Story
) -> None:
    story.live("v1", "production")
    waiting = story.start("v2", "production")
    waiting.plan()
    page = visit(story.people.bo).open(f"{waiting.path}review/")
    old, new = page.locator(".diff .del").last, page.locator(".diff .add").last

    def sides() -> tuple[float, float]:
        left, right = old.bounding_box(), new.bounding_box()
        assert left is not None
        assert right is not None
        return right["x"] - left["x"], right["y"] - left["y"]

    assert sides()[0] == 0
    assert sides()[1] > 0
    page.get_by_role("link", name="Side by side").click()
    assert sides()[0] > 100
    assert sides()[1] == 0
    assert page.url.endswith("?diff=split")
    page.goto(page.url.partition("?")[0])
    assert sides()[1] == 0
    expect(page.get_by_role("link", name="Side by side")).to_have_attribute("aria-current", "true")
