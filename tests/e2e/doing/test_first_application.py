"""The whole product as `slipway up` runs it: from a pasted manifest to a live rollout, at a browser, by the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.people import PASSWORD
from tests.stacks.stack import RunningStack, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

MANIFEST = Path(__file__).parents[3] / "deploy" / "samples" / "harbour" / "v1.0.0.yaml"
TWO_MINUTES = 120


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running(tmp_path_factory.mktemp("first"), speed=1.0) as up:
        yield up


def test_a_pasted_manifest_is_live_in_under_two_minutes(
    stack: RunningStack, browser_process: Browser
) -> None:
    context = browser_process.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{stack.url}/accounts/login/")
    page.get_by_label("E-mail").fill("ana@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stack.url}/o/acme/")

    began = time.monotonic()
    page.goto(f"{stack.url}/o/acme/applications/")
    page.get_by_role("link", name="New application").click()
    page.get_by_label("Name", exact=True).fill("Harbour")
    page.get_by_role("textbox", name="Manifests").fill("kind: Deployment\n  broken: [")
    expect(page.locator("#first-objects")).to_contain_text("line 2, column")
    page.get_by_role("textbox", name="Manifests").fill(MANIFEST.read_text())
    expect(page.locator("#first-objects")).to_contain_text("7 objects, 3 images")
    expect(page.locator("#first-commands")).to_contain_text("slipway rollouts start harbour dev 1.0 --watch")
    page.get_by_role("button", name="Next: where").click()
    page.get_by_role("textbox", name="Kubeconfig").fill(stack.kubeconfig.read_text())
    page.get_by_role("button", name="Add the cluster").click()
    expect(page.get_by_label("On the cluster")).to_contain_text("simulated")
    page.get_by_role("button", name="Make all of it and roll it out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour 1.0 → Dev")
    expect(page.locator("#rollout-sentence")).to_contain_text("Healthy", timeout=TWO_MINUTES * 1000)
    took = time.monotonic() - began

    page.goto(f"{stack.url}/o/acme/applications/harbour/")
    expect(page.locator("#station-dev")).to_contain_text("1.0")
    expect(page.locator("#station-dev")).to_contain_text("healthy")
    context.close()
    print(f"from the first click to live in {took:.1f} s")  # noqa: T201  shown with -s
    assert took < TWO_MINUTES
    assert complaints == []
