"""The palette by keyboard alone, the shortcuts, and a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

_CHOSEN = (
    "(() => { const field = document.getElementById('palette-text');"
    "return document.getElementById(field.getAttribute('aria-activedescendant'))?.id })()"
)


def test_a_release_is_opened_by_keyboard_alone_and_remembered(
    visit: Callable[..., Any], story: Story
) -> None:
    story.live("v0.10.5", "dev")
    rollout = story.live("v0.10.6", "dev")
    page = visit(story.people.bo).open("/o/acme/")
    page.keyboard.press("Control+k")
    page.wait_for_selector("dialog#palette[open] [role=option]")
    assert page.evaluate("document.activeElement.id") == "palette-text"
    page.keyboard.type("boutique v0.10.6", delay=15)
    page.wait_for_selector(f"#hit-rollout-{rollout.number}")
    first = page.evaluate(_CHOSEN)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(_CHOSEN) != first
    page.keyboard.press("ArrowUp")
    assert page.evaluate(_CHOSEN) == first
    assert page.evaluate("document.querySelectorAll('#palette [aria-selected=true]').length") == 1
    page.keyboard.press("Enter")
    page.wait_for_url("**/releases/v0.10.6/")
    page.goto(page.url.partition("/o/")[0] + "/o/acme/")
    page.keyboard.press("/")
    page.wait_for_selector("#recent-0")
    assert "v0.10.6" in page.locator("#recent-0").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog#palette:not([open])", state="attached")


def test_enter_before_the_answer_opens_what_was_typed_and_the_theme_is_one_word_away(
    visit: Callable[..., Any], story: Story
) -> None:
    page = visit(story.people.bo).open("/o/acme/")
    page.keyboard.press("Control+k")
    page.keyboard.type("theme: dark")
    page.keyboard.press("Enter")
    page.wait_for_selector("html[data-theme=dark]")
    page.keyboard.press("Control+k")
    page.keyboard.type("nothing is called so")
    page.wait_for_selector(".options-none")
    assert "Nothing here is called “nothing is called so”." in page.locator(".options-none").inner_text()


def test_an_answer_to_what_stood_there_before_opens_nothing(visit: Callable[..., Any], story: Story) -> None:
    visitor = visit(story.people.bo)
    visitor.page.clock.install()
    page = visitor.open("/o/acme/")
    held: list[Any] = []
    page.route(re.compile("part=options&q=$"), lambda route: held.append(route))  # noqa: PLW0108  a built-in is no handler to it
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=2))  # the pause after the last key does not end
    page.keyboard.press("Control+k")
    page.keyboard.type("theme: dark")
    page.keyboard.press("Enter")
    held[0].continue_()  # of the empty field: places to go to
    page.wait_for_selector("#palette-options [role=option]")
    assert page.locator("#palette").get_attribute("open") is not None
    page.clock.run_for(100)
    page.wait_for_selector("html[data-theme=dark]")
    assert page.url.endswith("/o/acme/")


def test_keys_go_move_and_explain_themselves_but_never_while_one_types(
    visit: Callable[..., Any], story: Story
) -> None:
    story.live("v1", "dev")
    story.live("v2", "dev")
    page = visit(story.people.bo).open("/o/acme/")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/o/acme/rollouts/")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/o/acme/applications/")
    page.goto(page.url.partition("/o/")[0] + "/o/acme/search/?q=boutique&kind=rollout")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "hit-rollout-1"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "hit-rollout-2"
    page.keyboard.press("?")
    page.wait_for_selector("dialog#shortcuts[open]")
    assert "Go to" in page.locator("#shortcuts").inner_text()
    page.keyboard.press("Escape")
    page.get_by_role("searchbox", name="Search").fill("")
    page.keyboard.type("gh?j/")
    assert page.get_by_role("searchbox", name="Search").input_value() == "gh?j/"
    assert not page.locator("dialog[open]").count()
    page.get_by_role("searchbox", name="Search").blur()
    page.goto(page.url.partition("/o/")[0] + "/o/acme/search/?q=boutique&kind=rollout")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rollouts/2/")


def test_on_a_phone_the_palette_fills_the_screen_and_a_tap_opens(
    visit: Callable[..., Any], story: Story
) -> None:
    story.live("v1", "dev")
    page = visit(story.people.bo, width=360, height=740).open("/o/acme/")
    page.get_by_role("link", name="Search or jump to").click()
    page.wait_for_selector("dialog#palette[open] [role=option]")
    box = page.locator("dialog#palette").bounding_box()
    assert (box["width"], box["height"]) == (360, 740)
    page.get_by_role("combobox").fill("v1")
    page.locator("#hit-rollout-1").click()
    page.wait_for_url("**/rollouts/1/")
