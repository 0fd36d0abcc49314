"""A live page shows what a reload shows: `assert_equals_reload(page)`."""

from __future__ import annotations

import difflib
import time

from playwright.sync_api import Page, expect

# Everything in <main>, and the count in the rail, one line per element or text. Left out is what differs between any two
# looks at the same thing: the words of moments (their `datetime` stays), tokens of forms, and what htmx notes on elements
# while it works. So is what is the reader's own: an open <details>, a dialog, and what a script says is its own (data-own).
_CONTENTS = """() => {
    const lines = [];
    const passing = new Set(["htmx-request", "htmx-added", "htmx-settling", "htmx-swapping"]);
    const attribute = (element, { name, value }) => {
        if (name === "class") value = value.split(/\\s+/).filter((word) => word && !passing.has(word)).join(" ");
        if (name === "class" && !value) return "";
        if (name === "open" && element.matches("details, dialog")) return "";
        if (name === "title" && element.localName === "time") return "";
        if (name === "value" && element.name === "csrfmiddlewaretoken") return "";
        return ` ${name}=${JSON.stringify(value)}`;
    };
    const walk = (node, depth) => {
        const indent = " ".repeat(depth);
        if (node.nodeType === Node.TEXT_NODE) {
            const text = node.nodeValue.replace(/\\s+/g, " ").trim();
            if (text) lines.push(indent + text);
        } else if (node.nodeType === Node.ELEMENT_NODE) {
            const bare = node === main || node.matches("[data-own]");
            const attributes = bare ? [] : [...node.attributes];
            attributes.sort((one, other) => (one.name < other.name ? -1 : 1));
            lines.push(`${indent}<${node.localName}${attributes.map((each) => attribute(node, each)).join("")}>`);
            if (node.localName === "time" || (bare && node !== main)) return;
            for (const child of node.childNodes) walk(child, depth + 1);
        }
    };
    const main = document.querySelector("main");
    main.normalize();
    walk(main, 0);
    const count = document.getElementById("waiting-count");
    if (count) walk(count, 0);
    return lines;
}"""
_BUSY = "document.querySelectorAll('.htmx-request').length"


def contents(page: Page) -> list[str]:
    found: list[str] = page.evaluate(_CONTENTS)
    return found


def settled(page: Page, *, quiet: float = 1.5, within: float = 20) -> list[str]:
    """The contents once the page is live, fetches nothing, and has not changed for that many seconds: regions are
    fetched up to 0.7 s after the news of them."""
    is_live(page)
    deadline, since, last = time.monotonic() + within, time.monotonic(), contents(page)
    while time.monotonic() - since < quiet:
        assert time.monotonic() < deadline, "The page does not come to rest."
        page.wait_for_timeout(150)
        now = contents(page)
        if now != last or page.evaluate(_BUSY):
            since, last = time.monotonic(), now
    return last


def assert_equals_reload(page: Page, *, quiet: float = 1.5) -> None:
    """`quiet`: longer where wake-ups were lost, as heads are compared every 2 s only."""
    shown = settled(page, quiet=quiet)
    page.reload()
    reloaded = settled(page, quiet=0.3)
    assert shown == reloaded, "\n".join(
        difflib.unified_diff(reloaded, shown, "after a reload", "as it was live", lineterm="", n=2)
    )


def is_live(page: Page) -> None:
    expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=20_000)
