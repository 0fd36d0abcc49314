from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.serving import Web
from tests.e2e.story import Story, make_story
from tests.people import PASSWORD, People
from tests.requirements import chromium

# Playwright's loop runs in this thread, so Django would refuse the tests' own queries. For this process alone: in the
# server it would hide the very bug that consumers have, and `Web` takes it out of the server's environment.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="module")
def browser_process() -> Iterator[Browser]:
    """Per module: while it lives, an event loop runs in this thread, which asynchronous tests would trip over."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def web(transactional_database: str, tmp_path: Path) -> Iterator[Web]:
    server = Web(tmp_path / "web.log")
    server.start()
    yield server
    server.kill()
    print(server.log.read_text()[-20000:])  # noqa: T201  pytest shows it beside a failure


@pytest.fixture
def story(transactional_database: str, people: People) -> Story:
    return make_story(people)


@dataclass
class Visitor:
    """One person at one browser. What the console and the pages complained about is kept."""

    context: BrowserContext
    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page


@pytest.fixture
def visit(browser_process: Browser, web: Web) -> Iterator[Callable[..., Visitor]]:
    """`visit(user)`: signed in. `visit(user, width=390, theme="dark")`. Ends in an error when a page complained."""
    visitors: list[Visitor] = []

    def make(
        user: Any = None, *, width: int = 1440, height: int = 900, theme: str = "light", touch: bool = False
    ) -> Visitor:
        context = browser_process.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]  # light or dark
            reduced_motion="reduce",
            has_touch=touch,
            is_mobile=touch,
        )
        page = context.new_page()
        visitor = Visitor(context, page, web.url)
        page.on("console", lambda message: _note(visitor, message))
        page.on("pageerror", lambda error: visitor.complaints.append(f"error: {error}"))
        visitors.append(visitor)
        if user is not None:
            sign_in(visitor, user)
        return visitor

    yield make
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []


def sign_in(visitor: Visitor, user: Any) -> None:
    page = visitor.open("/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{visitor.url}/o/**")


def _note(visitor: Visitor, message: Any) -> None:
    if message.type in {"error", "warning"}:
        visitor.complaints.append(f"{message.type}: {message.text}")
