"""Whatever comes between a page and its server in the middle of a rollout: afterwards the page equals a reload, and in
between it said that it was not connected where it could know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.sameness import assert_equals_reload, is_live
from tests.e2e.serving import Web
from tests.e2e.story import Story, Teller

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NOT_CONNECTED = re.compile(r"not connected since \d\d:\d\d:\d\d")


def watching(visit: Callable[..., Any], story: Story) -> tuple[Teller, list[Any]]:
    """Two people at two browsers in the middle of a rollout: one looks at it, the other at everything."""
    story.live("v1", "production")
    rollout = story.start("v2", "production")
    rollout.plan()
    rollout.begin()
    visitors = [visit(story.people.bo), visit(story.people.vic)]
    for visitor, path in zip(visitors, (rollout.path, "/o/acme/"), strict=True):
        is_live(visitor.open(path))
    return rollout, visitors


def goes_on(story: Story, rollout: Teller) -> Teller:
    """What the pages do not hear of: pods come and go, the rollout ends, another begins to wait."""
    rollout.observe(ready=0.5, crashing="adservice")
    rollout.observe(ready=1.0)
    rollout.bake()
    rollout.succeed()
    following = story.start("v3", "production")
    following.plan()
    return following


def ends_well(story: Story, following: Teller, visitors: list[Any]) -> None:
    """And the line that was mended carries what comes now."""
    rollout_page, home = (visitor.page for visitor in visitors)
    expect(rollout_page.locator("#rollout-sentence")).to_contain_text("4 of 4 workloads", timeout=20_000)
    expect(home.locator("#home-matrix .cell.waiting")).to_contain_text("→ v3", timeout=20_000)
    for visitor in visitors:
        assert_equals_reload(visitor.page, quiet=3.5)
    following.begin()
    expect(home.locator("#home-matrix .cell.progressing")).to_contain_text("→ v3")
    assert_equals_reload(home, quiet=3.5)


def are_away(visitors: list[Any]) -> None:
    for visitor in visitors:
        expect(visitor.page.locator("#live")).to_have_text(NOT_CONNECTED, timeout=15_000)


def forgive(visitors: list[Any], *words: str) -> None:
    """What a browser writes on its console when a server is not there."""
    for visitor in visitors:
        assert all(any(word in text for word in words) for text in visitor.complaints), visitor.complaints
        visitor.complaints.clear()


def test_the_network_goes_away_and_comes_back(visit: Callable[..., Any], story: Story) -> None:
    rollout, visitors = watching(visit, story)
    for visitor in visitors:
        visitor.context.set_offline(True)
    are_away(visitors)
    following = goes_on(story, rollout)
    for visitor in visitors:
        visitor.context.set_offline(False)
    ends_well(story, following, visitors)
    forgive(visitors, "ERR_INTERNET_DISCONNECTED")


def test_the_web_process_is_killed_and_started_again(
    visit: Callable[..., Any], story: Story, web: Web
) -> None:
    rollout, visitors = watching(visit, story)
    web.kill()
    are_away(visitors)
    following = goes_on(story, rollout)
    web.start()
    ends_well(story, following, visitors)
    forgive(visitors, "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET")


def test_the_channel_layer_is_full_and_loses_its_subscribers(
    visit: Callable[..., Any], story: Story, valkey: str
) -> None:
    """Nothing of it shows: a lost wake-up is found within two seconds by comparing heads."""
    rollout, visitors = watching(visit, story)
    with flooded(f"{valkey}/1"):
        following = goes_on(story, rollout)
    for visitor in visitors:
        is_live(visitor.page)
    ends_well(story, following, visitors)


def test_the_tab_sleeps_and_wakes(visit: Callable[..., Any], story: Story) -> None:
    rollout, visitors = watching(visit, story)
    sleepers = [visitor.context.new_cdp_session(visitor.page) for visitor in visitors]
    for sleeper in sleepers:
        sleeper.send("Page.setWebLifecycleState", {"state": "frozen"})
    following = goes_on(story, rollout)
    for sleeper in sleepers:
        sleeper.send("Page.setWebLifecycleState", {"state": "active"})
    ends_well(story, following, visitors)


def test_a_list_that_is_open_equals_a_reload_too(visit: Callable[..., Any], story: Story) -> None:
    rollout = story.start("v1", "production")
    visitor = visit(story.people.vic)
    for path in ("/o/acme/rollouts/", "/o/acme/applications/"):
        is_live(visitor.open(path))
        goes_on_a_little(visitor.page, story, rollout)
        assert_equals_reload(visitor.page, quiet=3.5)


def goes_on_a_little(page: Page, story: Story, rollout: Teller) -> None:
    from tests.e2e.story import apart
    from tests.people import make_application

    if "applications" in page.url:
        apart(lambda: make_application(story.actor("ana"), slug="search", name="search"))
        expect(page.get_by_role("main").get_by_role("link", name="search")).to_be_visible()
    else:
        rollout.plan()
        rollout.begin()
        expect(page.get_by_role("main")).to_contain_text("progressing")


@contextmanager
def flooded(address: str) -> Iterator[None]:
    """Wake-ups for nobody by the thousand, and every subscription cut again and again."""
    import redis

    layer = redis.Redis.from_url(address)
    over = False

    def flood() -> int:
        cut = 0
        while not over:
            with layer.pipeline(transaction=False) as pipe:
                for _ in range(500):
                    pipe.publish("asgi__group__slipway.wake", b"\x81\xa4type\xa4wake")
                pipe.execute()
            cut += layer.client_kill_filter(_type="pubsub")
            layer.flushall()
        return cut

    with ThreadPoolExecutor(1) as thread:
        flooding = thread.submit(flood)
        try:
            yield
        finally:
            over = True
            assert flooding.result() > 0, "Nobody had subscribed."
            layer.close()
