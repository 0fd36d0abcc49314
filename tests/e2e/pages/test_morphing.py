"""What morphing changes in a document, and what it leaves alone. In a browser, without a server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

_MODULE = Path(__file__).resolve().parents[3] / "static" / "js" / "morph.js"


@pytest.fixture
def page(browser_process: Browser) -> Iterator[Page]:
    page = browser_process.new_page()
    source = re.sub(r"^export ", "", _MODULE.read_text(), flags=re.MULTILINE)
    page.evaluate("source => { window.morph = new Function(`${source}; return morph;`)(); }", source)
    yield page
    page.close()


def put(page: Page, html: str) -> None:
    page.evaluate("html => { document.body.innerHTML = html; }", html)


def morph(page: Page, html: str) -> Any:
    """Answers how often the document was changed, by kind."""
    return page.evaluate(
        """html => {
            const watch = new MutationObserver(() => {});
            watch.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
            window.morph(document.body.firstElementChild, html);
            const found = {};
            for (const { type } of watch.takeRecords()) found[type] = (found[type] ?? 0) + 1;
            return found;
        }""",
        html,
    )


def shown(page: Page) -> str:
    return str(page.evaluate("document.body.innerHTML"))


def pods(*names: str, health: str = "ready") -> str:
    return "<ul>" + "".join(f'<li id="{name}" class="{health}">{name}</li>' for name in names) + "</ul>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (pods("a", "b", "c"), pods("c", "a", "d")),
        ("<p>one <b>two</b> three</p>", "<p><i>two</i> three <b>four</b></p>"),
        ('<p class="x" title="y">one</p>', '<p title="z" lang="en">one</p>'),
        ('<p id="p"><b id="x">1</b></p>', '<p id="p"><i id="x">1</i></p>'),
        ("<div><p>1</p><!-- no --><p>2</p></div>", "<div></div>"),
        ("<div></div>", "<div>\n  <p>1</p>\n</div>"),
        (
            '<svg><g id="g"><rect x="1"></rect></g></svg>',
            '<svg><g id="g"><rect x="2"></rect><path></path></g></svg>',
        ),
    ],
)
def test_it_makes_the_one_equal_to_the_other(page: Page, before: str, after: str) -> None:
    put(page, before)
    morph(page, after)
    assert shown(page) == after


def test_what_is_equal_is_not_touched(page: Page) -> None:
    put(page, pods("a", "b", "c"))
    assert morph(page, pods("a", "b", "c")) == {}


def test_one_change_is_one_change(page: Page) -> None:
    put(page, pods("a", "b", "c"))
    assert morph(page, pods("a", "b", "c").replace('"b" class="ready"', '"b" class="failed"')) == {
        "attributes": 1
    }


def test_when_the_first_goes_the_others_do_not_move(page: Page) -> None:
    put(page, pods("a", "b", "c", "d"))
    assert morph(page, pods("b", "c", "d")) == {"childList": 1}


def test_one_that_comes_first_moves_nobody(page: Page) -> None:
    put(page, pods("a", "b", "c"))
    assert morph(page, pods("z", "a", "b", "c")) == {"childList": 1}


def test_an_element_is_the_same_wherever_it_moves_to_and_keeps_its_focus(page: Page) -> None:
    put(page, '<div><button id="one">1</button><button id="two">2</button></div>')
    page.evaluate("document.getElementById('two').focus(); document.getElementById('two').mine = 'kept'")
    morph(page, '<div><button id="two">2</button><button id="one">1</button></div>')
    assert page.evaluate("document.activeElement.id") == "two"
    assert page.evaluate("document.getElementById('two').mine") == "kept"


def test_what_the_reader_opened_typed_and_scrolled_stays(page: Page) -> None:
    def html(word: str) -> str:
        return (
            f'<div><details id="more"><summary>More</summary>{word}</details><input id="name" value="">'
            f'<div id="box"><p>{word}</p><p id="long"></p></div></div>'
        )

    put(page, html("before"))
    page.add_style_tag(content="#box { height: 20px; overflow: auto } #long { height: 900px }")
    page.evaluate(
        "document.getElementById('more').open = true; document.getElementById('box').scrollTop = 300"
    )
    page.locator("#name").fill("half a wo")
    morph(page, html("after"))
    assert page.evaluate("document.getElementById('more').open") is True
    assert page.evaluate("document.getElementById('box').scrollTop") == 300
    assert page.locator("#name").input_value() == "half a wo"
    assert page.evaluate("document.activeElement.id") == "name"
    assert "after" in page.locator("#more").inner_text()


def test_attributes_that_a_script_keeps_are_the_scripts(page: Page) -> None:
    put(page, '<p data-keep="aria-expanded hidden" aria-expanded="true" title="old">x</p>')
    morph(page, '<p data-keep="aria-expanded hidden" aria-expanded="false" hidden title="new">x</p>')
    assert shown(page) == '<p data-keep="aria-expanded hidden" aria-expanded="true" title="new">x</p>'


def test_an_element_that_is_a_scripts_own_is_left_alone(page: Page) -> None:
    put(page, '<div><pre id="log" data-own="">line 1\nline 2</pre><b>1</b></div>')
    morph(page, '<div><pre id="log" data-own=""></pre><b>2</b></div>')
    assert shown(page) == '<div><pre id="log" data-own="">line 1\nline 2</pre><b>2</b></div>'
