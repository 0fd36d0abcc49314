"""Playing a rollout back, and following what a container of the sandbox writes, at a browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from slipway.engine.objects import uid_of
from tests.clusters import SandboxProcess, place_on
from tests.contracts.manifests import MANAGER, deployment
from tests.e2e.story import Story, Teller, apart

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def picture(page: Page, name: str) -> str:
    """For looking at: SLIPWAY_LOOK names a folder."""
    folder = os.environ.get("SLIPWAY_LOOK")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(500)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    return name


def troubled(story: Story) -> Teller:
    story.live("v1", "production")
    teller = story.start("v2", "production")
    teller.plan()
    teller.begin()
    for ready in (0.0, 0.3, 0.6):
        teller.observe(ready=ready)
    teller.observe(ready=0.7, crashing="adservice")
    teller.fail("Deployment adservice: its pods crash: exit 137, out of memory.")
    return teller


def row_of(teller: Teller) -> Any:
    from apps.core import scopes
    from apps.rollouts.models import Rollout

    def read() -> Any:
        with scopes.organization(teller.story.people.acme.id):
            return Rollout.objects.get(id=teller.rollout_id)

    return apart(read)


def test_a_finished_rollout_is_played_back_by_the_keyboard(visit: Callable[..., Any], story: Story) -> None:
    teller = troubled(story)
    last = row_of(teller).event_number
    visitor = visit(story.people.vic)
    page = visitor.open(teller.path)
    picture(page, "replay-end-light")
    sentence = page.locator("#rollout-sentence")
    expect(sentence).to_contain_text("its pods crash")
    page.get_by_role("link", name=re.compile("trouble began")).click()
    page.wait_for_url(re.compile(r"/at/\d+/$"))
    expect(sentence).to_contain_text("workloads healthy")
    expect(page.locator("#rollout-replay")).to_contain_text("trouble began")
    picture(page, "replay-past-light")
    slider = page.get_by_role("slider", name="Moment of the rollout")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#replay-when")).to_contain_text(f"event 1 of {last}")
    expect(page.locator("#rollout-pods")).to_contain_text("No pods have been seen")
    assert page.url.endswith("/at/1/")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#replay-when")).to_contain_text(f"event 2 of {last}")
    expect(slider).to_be_focused()
    page.keyboard.press("End")
    expect(sentence).to_contain_text("its pods crash")
    shown = page.locator("#rollout-pods").inner_html()
    page.reload()
    assert page.locator("#rollout-pods").inner_html() == shown  # a moment's address shows that moment
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#replay-when")).to_contain_text(f"event {last} of {last}", timeout=20_000)
    expect(page.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("link", name="To the end").click()
    page.wait_for_url(f"{visitor.url}{teller.path}")


def test_the_replay_works_on_a_phone_and_in_the_dark(visit: Callable[..., Any], story: Story) -> None:
    teller = troubled(story)
    for width, theme, name in ((360, "light", "phone"), (1440, "dark", "dark")):
        page = visit(story.people.vic, width=width, height=740, theme=theme).open(f"{teller.path}at/8/")
        expect(page.get_by_role("slider", name="Moment of the rollout")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        picture(page, f"replay-{name}")


@pytest.fixture
def talking(story: Story, sandbox: SandboxProcess) -> Any:
    """A rollout with a pod that really stands in the sandbox."""
    from apps.core import scopes
    from apps.rollouts.models import Rollout
    from tests.people import make_application, make_cluster, make_environments, target_of

    with place_on("sandbox", sandbox.kubeconfig_path) as place:
        place.cluster.apply(place.placed(deployment("web", "registry.local/web:v1")), manager=MANAGER)

        def running() -> Any:
            pods = place.cluster.list("", "Pod", namespace=place.namespace).items
            return next((pod for pod in pods if (pod.get("status") or {}).get("phase") == "Running"), None)

        pod = place.until(running, what="a running pod")
        owner = f"Deployment.apps/{place.namespace}/web"
        seen = {
            "name": pod["metadata"]["name"],
            "owner": owner,
            "set": "web-1",
            "new": True,
            "health": "healthy",
            "sentence": "ready",
            "restarts": 0,
            "node": "node-1",
            "ending": False,
        }
        teller = story.start("v1", "dev")

        def tell() -> None:
            from apps.clusters.models import Cluster
            from apps.clusters.services import change_credentials

            ana = story.actor("ana")
            with scopes.organization(story.people.acme.id):
                row = Rollout.objects.get(id=teller.rollout_id)
                change_credentials(
                    ana, Cluster.objects.get(id=row.target.cluster_id), kubeconfig=sandbox.kubeconfig
                )
                Rollout.objects.filter(id=row.id).update(
                    progress={
                        "objects": {
                            owner: {"health": "healthy", "sentence": "1 of 1 ready", "ready": 1, "wanted": 1}
                        },
                        "pods": {uid_of(pod): seen},
                    }
                )

        apart(tell)
        yield teller, uid_of(pod), make_application, make_cluster, make_environments, target_of


def test_a_log_is_followed_searched_paused_and_taken_away(
    visit: Callable[..., Any], story: Story, talking: Any
) -> None:
    teller, uid, *_ = talking
    visitor = visit(story.people.dee)
    page = visitor.open(f"{teller.path}pods/{uid}/log/")
    lines = page.locator("#log-lines li")
    expect(lines.first).to_contain_text(
        "sandbox: simulating web of registry.local/web:v1; nothing really runs", timeout=15_000
    )
    expect(page.locator("#log-state")).to_have_text("Following.")
    picture(page, "log-light")
    page.get_by_label("Find").fill("simulating")
    expect(page.locator("#log-found")).to_have_text("1 of 1 lines")
    expect(page.locator("#log-lines .hit")).to_have_count(1)
    page.get_by_label("Wrap").uncheck()
    expect(page.locator("#log-lines")).not_to_have_class(re.compile("wrapped"))
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#log-state")).to_contain_text("Paused")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download").click()
    assert "nothing really runs" in Path(taken.value.path()).read_text()
    greyed = page.get_by_role("button", name="Before the restart")
    expect(greyed).to_have_attribute("aria-disabled", "true")
    phone = visit(story.people.dee, width=360, height=740, theme="dark").open(f"{teller.path}pods/{uid}/log/")
    expect(phone.locator("#log-lines li").first).to_contain_text("nothing really runs", timeout=15_000)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(phone, "log-phone-dark")
