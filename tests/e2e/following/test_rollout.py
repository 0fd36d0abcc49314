"""The rollout's page while hundreds of pods are replaced: pushed piece by piece, and whole at every moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.sameness import assert_equals_reload, is_live
from tests.e2e.story import Story, apart
from tests.fleets import Fleet

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SERVICES = {"frontend": 4, "catalog": 100, "mail": 2}


def moving(story: Story) -> tuple[str, Fleet]:
    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet = Fleet(story.people.acme.id, rollout.rollout_id, SERVICES, unchanged=9)
    apart(fleet.plan)
    return rollout.path, fleet


def test_pieces_that_are_pushed_one_by_one_make_the_page_that_a_reload_shows(
    visit: Callable[..., Any], story: Story
) -> None:
    path, fleet = moving(story)
    page = visit(story.people.vic).open(path)
    is_live(page)
    apart(fleet.begin)
    for share, crashing in (
        ({"frontend": 0.25}, []),
        ({"frontend": 0.75, "catalog": 0.4}, ["frontend"]),
        ({"frontend": 1, "catalog": 0.97, "mail": 0.5}, ["catalog"]),
        ({"frontend": 1, "catalog": 1, "mail": 1}, []),
    ):
        apart(lambda share=share, crashing=crashing: fleet.observe(share, crashing=crashing))  # type: ignore[misc]  # a lambda's defaults
        expect(page.locator("#rollout-pods a.pod.failed")).to_have_count(len(crashing))
        assert page.locator("[data-place]").count() == 0
        assert_equals_reload(page)
    expect(page.locator("#rollout-pods a.pod")).to_have_count(106)
    expect(page.locator("#rollout-pods header")).to_contain_text("106 new · 0 old")


def test_a_pod_is_reached_by_the_keyboard_says_what_it_is_and_opens_beside_the_page(
    visit: Callable[..., Any], story: Story
) -> None:
    path, fleet = moving(story)
    apart(fleet.begin)
    apart(lambda: fleet.observe({"frontend": 0.5}, crashing=["frontend"]))
    page = visit(story.people.bo).open(path)
    is_live(page)
    page.locator("#rollout-pods a.of", has_text="frontend").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    for _ in range(8):
        if "failed" in (page.evaluate("document.activeElement.className")):
            break
        page.keyboard.press("ArrowRight")
    expect(page.locator(".tip")).to_contain_text(
        "new, CrashLoopBackOff: exit 137, out of memory, on node-3, 2 restarts"
    )
    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    expect(panel.get_by_role("heading", level=2)).to_contain_text("frontend-7c9fb6c64d-")
    expect(panel).to_contain_text("CrashLoopBackOff: exit 137, out of memory")
    panel.get_by_role("link", name="Deployment frontend").click()
    expect(panel).to_contain_text("2 of 4")
    apart(lambda: fleet.observe({"frontend": 1}))
    expect(panel).to_contain_text("4 of 4 ready")  # it goes on while one reads
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_table_and_the_graph_follow_too(visit: Callable[..., Any], story: Story) -> None:
    path, fleet = moving(story)
    apart(fleet.begin)
    page = visit(story.people.vic).open(f"{path}?view=table&sort=name")
    is_live(page)
    apart(lambda: fleet.observe({"catalog": 0.5}))
    expect(page.locator("#rollout-table tbody tr", has_text="catalog").first).to_contain_text("50/100")
    page.get_by_role("link", name="Graph").click()
    is_live(page)
    apart(lambda: fleet.observe({"catalog": 1, "frontend": 1}))
    expect(page.locator("#rollout-graph a.failed")).to_have_count(0)
    expect(page.locator("#rollout-graph")).to_contain_text("100/100")
    assert_equals_reload(page)
