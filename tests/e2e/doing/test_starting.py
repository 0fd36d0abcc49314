"""A release is promoted from the application's page, and everybody who looks at that page sees it travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.sameness import assert_equals_reload, is_live
from tests.e2e.story import Story, Teller, apart

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PAGE = "/o/acme/applications/boutique/"


def rollout_of(story: Story, number: int) -> Teller:
    def read() -> Any:
        from apps.core import scopes
        from apps.rollouts.models import Rollout

        with scopes.organization(story.people.acme.id):
            return Rollout.objects.values_list("id", flat=True).get(number=number)

    return Teller(story, apart(read), number)


def test_a_release_is_promoted_by_a_double_click_and_seen_on_its_way(
    visit: Callable[..., Any], story: Story
) -> None:
    story.live("v1", "dev")
    story.release("v2")
    bo, vic = (visit(user).open(PAGE) for user in (story.people.bo, story.people.vic))
    is_live(bo)
    is_live(vic)
    bo.get_by_role("link", name="Promote v2 here").first.click()
    dialog = bo.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Promote boutique v2 to …")
    expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(1)
    dialog.get_by_label("Why").fill("the cart shows its total")
    dialog.get_by_role("button", name="Promote").dblclick()
    expect(bo.get_by_role("heading", level=1)).to_have_text("boutique v2 → dev")
    expect(vic.locator("#station-dev .train-words")).to_contain_text("v2 being planned")
    rollout = rollout_of(story, 2)
    rollout.plan()
    rollout.begin()
    rollout.observe(ready=0.5)
    expect(vic.locator("#station-dev .train-words")).to_contain_text("step 1 of 1, 0 %")
    expect(vic.locator(".lead-sentence")).to_contain_text("v2 is on its way to dev")
    assert_equals_reload(vic)
    rollout.observe(ready=1.0)
    rollout.succeed()
    expect(vic.locator("#station-dev .stand")).to_contain_text("v2")
    expect(vic.locator(".train-words")).to_have_count(0)


def test_a_mark_is_lifted_and_the_page_says_so_to_others(visit: Callable[..., Any], story: Story) -> None:
    rollout = story.start("v1", "dev")
    rollout.plan()
    rollout.begin()
    rollout.fail("Deployment adservice: its pods crash.")
    bo, vic = (visit(user).open(PAGE) for user in (story.people.bo, story.people.vic))
    is_live(vic)
    expect(vic.locator(".lead-sentence")).to_contain_text("dev needs a person")
    bo.get_by_role("link", name="Lift the mark").click()
    bo.get_by_label("What you found").fill("it was the quota")
    bo.get_by_role("dialog").get_by_role("button", name="Lift the mark").click()
    expect(bo.get_by_role("link", name="Lift the mark")).to_have_count(0)
    expect(vic.get_by_role("link", name="Lift the mark")).to_have_count(0)
