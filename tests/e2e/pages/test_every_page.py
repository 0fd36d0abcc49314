"""Every page, light and dark, wide and on a phone: nothing on the console, nothing refused by the policy, everything
that can be pressed has a name, every field has a label, and nothing sticks out sideways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.axe import grave_findings
from tests.e2e.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# What a screen reader would have nothing to say about, and other plain mistakes.
_MISTAKES = """() => {
    const found = [];
    const name = (element) => (element.getAttribute("aria-label") || element.textContent || element.title || "").trim();
    for (const element of document.querySelectorAll("a[href], button, summary"))
        if (!name(element)) found.push(`no name: ${element.outerHTML.slice(0, 120)}`);
    for (const field of document.querySelectorAll("input:not([type=hidden]), textarea, select"))
        if (!field.labels?.length && !field.getAttribute("aria-label")) found.push(`no label: ${field.name}`);
    for (const region of document.querySelectorAll("section"))
        if (!region.getAttribute("aria-label") && !document.getElementById(region.getAttribute("aria-labelledby")))
            found.push(`no name: section ${region.id}`);
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    for (const id of ids.filter((id, place) => ids.indexOf(id) !== place)) found.push(`id twice: ${id}`);
    if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
    if (document.querySelectorAll("main").length !== 1) found.push("not one main");
    if (!document.documentElement.lang) found.push("no language");
    if (document.querySelector("[style], style, script:not([src])")) found.push("inline style or script");
    for (const control of document.querySelectorAll("[onclick], [hx-on], [href^='javascript:']"))
        found.push(`inline handler: ${control.outerHTML.slice(0, 80)}`);
    if (document.documentElement.scrollWidth > innerWidth) found.push(`${document.documentElement.scrollWidth} px wide`);
    return found;
}"""

# WCAG contrast of every piece of text against what lies behind it; 3:1 for large text.
_CONTRAST = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
    const light = (rgb) => {
        const [r, g, b] = rgb.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
        return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
    };
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.nodeValue.trim();
        if (!text || !element.checkVisibility()) continue;
        if (element.closest(".unseen, .skip, dialog:not([open]), [aria-disabled=true]")) continue;
        const style = getComputedStyle(element);
        const back = behind(element);
        const [one, other] = [light(over(rgba(style.color), back)), light(back)];
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.6 && style.fontWeight >= 700);
        if (ratio < (large ? 3 : 4.5)) found.add(`${ratio.toFixed(2)}: ${text.slice(0, 40)} .${element.className}`);
    }
    return [...found];
}"""


# Wide is light and a phone is dark: each rule meets both sizes and both themes; colours meet dark on both.
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("size", "theme", "axe"),
    [
        ({}, "light", True),
        ({"width": 360, "height": 740}, "dark", True),
        ({}, "dark", False),
    ],
    ids=["wide and light", "phone and dark", "wide and dark"],
)
def test_every_page_is_sound(
    size: dict[str, int], theme: str, axe: bool, visit: Callable[..., Any], story: Story
) -> None:
    from tests.e2e.screenshots import settings_of, tell

    mistakes: list[str] = []
    for who, pages in ((story.people.bo, tell(story)), (story.people.ana, settings_of(story))):
        visitor = visit(who, theme=theme, **size)
        for name, path in pages.items():
            page = visitor.open(path)
            page.locator(".htmx-request").first.wait_for(state="detached")
            mistakes += [f"{name} {mistake}" for mistake in page.evaluate(_MISTAKES)]
            mistakes += [f"{name} {mistake}" for mistake in page.evaluate(_CONTRAST)]
            if axe:
                mistakes += [f"{name} {finding}" for finding in grave_findings(page)]
    assert mistakes == [], "\n".join(mistakes)


def test_the_policy_allows_no_inline_code_and_no_other_origin(visit: Callable[..., Any]) -> None:
    visitor = visit()
    answer = visitor.page.goto(f"{visitor.url}/accounts/login/")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "'unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "http:" not in policy
    configured = visitor.page.evaluate(
        "[htmx.config.allowEval, htmx.config.includeIndicatorStyles, htmx.config.selfRequestsOnly, htmx.version[0]]"
    )
    assert configured == [False, False, True, "2"]


def test_the_keyboard_reaches_the_content_first_and_the_dialog_gives_its_place_back(
    visit: Callable[..., Any], story: Story
) -> None:
    story.live("v1", "production")
    rollout = story.start("v2", "production")
    rollout.plan()
    page = visit(story.people.bo).open(rollout.path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    approve = page.get_by_role("button", name="Approve")
    approve.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert page.evaluate("document.activeElement.name") == "why"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    assert page.evaluate("document.activeElement.textContent") == "Approve"


def test_the_theme_follows_the_system_until_it_is_chosen_and_then_stays(visit: Callable[..., Any]) -> None:
    visitor = visit(None, theme="dark")
    page = visitor.open("/accounts/login/")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("button", name="Theme: as the system").click()
    light = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == light
    page.get_by_role("button", name="Theme: light").click()
    assert page.evaluate(background) == dark
