"""What people do at a browser, against the real web process. The page follows live; it is never reloaded unless said."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.sameness import assert_equals_reload, is_live
from tests.e2e.serving import Web
from tests.e2e.story import Story, apart
from tests.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def sentence(page: Page) -> Any:
    return page.locator("#rollout-sentence")


def test_somebody_signs_in_sees_what_waits_and_signs_out(visit: Callable[..., Any], story: Story) -> None:
    story.live("v1", "production")
    waiting = story.start("v2", "production")
    waiting.plan()
    visitor = visit(story.people.bo)
    page = visitor.page
    expect(page).to_have_url(f"{visitor.url}/o/acme/")
    expect(page.get_by_role("heading", level=1)).to_have_text("One thing waits for you; nothing is moving")
    page.get_by_role("link", name="Review boutique v2 in production").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("boutique v2 → production")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    visitor.open(waiting.path)
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_a_wrong_password_is_refused_in_words(visit: Callable[..., Any], story: Story) -> None:
    page = visit().open("/accounts/login/")
    page.get_by_label("E-mail").fill(story.people.bo.email)
    page.get_by_label("Password").fill("not it, not at all")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not correct")


def test_two_browsers_watch_one_rollout_to_its_end(visit: Callable[..., Any], story: Story) -> None:
    story.live("v1", "staging")
    rollout = story.start("v2", "staging")
    pages = [visit(user).open(rollout.path) for user in (story.people.bo, story.people.vic)]
    for page in pages:
        is_live(page)
        expect(sentence(page)).to_contain_text("Asked for; planning comes next.")
    rollout.plan()
    rollout.begin()
    for page in pages:
        expect(sentence(page)).to_contain_text("Step 2 of 2: workloads")
    rollout.observe(ready=0.5, crashing="adservice")
    for page in pages:
        expect(page.locator("#rollout-pods a.pod.failed")).to_have_count(1)
        expect(page.locator("#rollout-pods .trouble")).to_contain_text("CrashLoopBackOff (2 restarts)")
        expect(page.locator("#rollout-pods header")).to_contain_text("11 new · 6 old")
    rollout.observe(ready=1.0)
    rollout.succeed()
    for page in pages:
        expect(sentence(page)).to_contain_text("Healthy: 4 of 4 workloads.")
        expect(page.locator("#rollout-pods a.pod.healthy")).to_have_count(11)
    bo, vic = pages
    expect(bo.get_by_role("button", name="Roll back to v1")).to_be_visible()
    greyed = vic.get_by_role("button", name="Roll back to v1")
    expect(greyed).to_have_attribute("aria-disabled", "true")
    greyed.click(force=True)  # Playwright waits for what is disabled; people just press
    expect(vic.locator("#rollout-actions .note")).to_have_text(
        "Your role (viewer) does not let you abort, pause, resume, retry or roll back."
    )


def test_what_was_pushed_equals_a_reload(visit: Callable[..., Any], story: Story) -> None:
    story.live("v1", "production")
    rollout = story.start("v2", "production")
    page = visit(story.people.bo).open(rollout.path)
    is_live(page)
    acts = [
        rollout.plan,
        rollout.begin,
        lambda: rollout.observe(ready=0.3, crashing="adservice"),
        lambda: rollout.observe(ready=1.0),
        rollout.bake,
        rollout.succeed,
    ]
    for act in acts:
        act()
        expect(page.locator("#rollout-events li").first).to_have_attribute("id", f"event-{head(rollout)}")
        assert_equals_reload(page)


def test_a_sentence_that_changes_without_an_event_shows_too(visit: Callable[..., Any], story: Story) -> None:
    rollout = story.start("v1", "dev")
    page = visit(story.people.vic).open(rollout.path)
    is_live(page)
    rollout.say("Planning: asking the cluster what would change.")
    expect(sentence(page)).to_contain_text("Planning: asking the cluster", timeout=4000)


def test_a_plan_is_approved_with_a_comment_and_everybody_sees_it(
    visit: Callable[..., Any], story: Story
) -> None:
    story.live("v1", "production")
    rollout = story.start("v2", "production")
    rollout.plan()
    asker = visit(story.people.ana).open(rollout.path)
    page = visit(story.people.bo).open(rollout.path)
    is_live(page)
    is_live(asker)
    expect(asker.get_by_role("button", name="Approve")).to_have_attribute(
        "title", "Who asked for a rollout does not approve it."
    )
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("4 objects are changed, 1 object is deleted; 1 stays as it is.")
    expect(dialog).to_contain_text("If it fails, it goes back to v1 by itself.")
    dialog.get_by_label("Comment, kept with the approval").fill("checked staging")
    dialog.get_by_role("button", name="Approve this plan").click()
    expect(dialog).to_be_hidden()
    for watching in (page, asker):
        expect(watching.locator("#rollout-decisions")).to_contain_text("approvedBo")
        expect(watching.locator("#rollout-decisions")).to_contain_text("“checked staging”")
        expect(watching.locator("#rollout-events")).to_contain_text("Bo approved: “checked staging”")
    expect(page.get_by_role("button", name="Approve")).to_have_attribute("title", "You approved this plan.")


def test_an_approval_of_an_outdated_plan_is_refused_in_the_dialog(
    visit: Callable[..., Any], story: Story
) -> None:
    story.live("v1", "production")
    rollout = story.start("v2", "production")
    rollout.plan()
    visitor = visit(story.people.bo)
    page = visitor.open(rollout.path)
    is_live(page)
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    rollout.plan(image="v2.1")
    dialog.get_by_role("button", name="Approve this plan").click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "The plan changed since you looked; look at what is different and decide again."
    )
    expect(page.locator("#rollout-decisions")).to_contain_text("Nobody has decided on this plan yet.")
    assert visitor.complaints
    assert all("412" in complaint for complaint in visitor.complaints)
    visitor.complaints.clear()


def test_an_abort_says_what_will_happen_and_shows_that_it_is_under_way(
    visit: Callable[..., Any], story: Story
) -> None:
    story.live("v1", "staging")
    rollout = story.start("v2", "staging")
    rollout.plan()
    rollout.begin()
    page = visit(story.people.ana).open(rollout.path)
    is_live(page)
    page.get_by_role("button", name="Abort").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("4 of 5 objects are written.")
    expect(dialog).to_contain_text("They go back to v1, beginning within 5 s.")
    dialog.get_by_role("button", name="Abort").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#rollout-events")).to_contain_text("Ana asked to abort.")
    expect(page.get_by_role("button", name="Abort")).to_have_attribute(
        "title", "Ana asked to abort; it is being carried out."
    )
    rollout.abort()
    expect(sentence(page)).to_contain_text("Aborted by Ana.")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_trying_again_leads_to_the_new_rollout(visit: Callable[..., Any], story: Story) -> None:
    rollout = story.start("v1", "dev")
    rollout.plan()
    rollout.begin()
    rollout.fail("Deployment adservice: its pods crash.")
    visitor = visit(story.people.bo)
    page = visitor.open(rollout.path)
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("dialog").get_by_role("button", name="Try again").click()
    expect(page).to_have_url(f"{visitor.url}/o/acme/rollouts/{rollout.number + 1}/")


def test_it_says_that_it_is_not_connected_and_catches_up_when_the_server_is_back(
    visit: Callable[..., Any], story: Story, web: Web
) -> None:
    story.live("v1", "production")
    rollout = story.start("v2", "production")
    rollout.plan()
    visitor = visit(story.people.bo)
    page = visitor.open(rollout.path)
    is_live(page)
    web.kill()
    expect(page.locator("#live")).to_have_text(re.compile(r"not connected since \d\d:\d\d:\d\d"))
    rollout.begin()
    rollout.observe(ready=0.5)
    rollout.observe(ready=1.0)
    web.start()
    is_live(page)
    expect(sentence(page)).to_contain_text("4 of 4 workloads healthy")
    assert_equals_reload(page)
    assert visitor.complaints
    assert all("ERR_CONNECTION_REFUSED" in text for text in visitor.complaints)
    visitor.complaints.clear()


def test_who_is_removed_sees_the_page_go_dark_within_ten_seconds(
    visit: Callable[..., Any], story: Story
) -> None:
    rollout = story.start("v1", "dev")
    rollout.plan()
    page = visit(story.people.vic).open(rollout.path)
    is_live(page)
    began = time.monotonic()
    apart(lambda: _remove(story))
    expect(page.get_by_role("alert")).to_contain_text(
        "You no longer belong to this organization.", timeout=10_000
    )
    assert time.monotonic() - began < 10
    expect(page.locator("#rollout-sentence")).to_have_count(0)
    expect(page.get_by_text("boutique")).to_have_count(0)


def test_the_home_page_moves_by_itself(visit: Callable[..., Any], story: Story) -> None:
    story.live("v1", "production")
    page = visit(story.people.bo).page
    is_live(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing waits for you; nothing is moving")
    rollout = story.start("v2", "production")
    rollout.plan()
    expect(page.get_by_role("heading", level=1)).to_have_text("One thing waits for you; nothing is moving")
    expect(page.locator("#home-matrix .cell.waiting")).to_contain_text("→ v2")
    rollout.begin()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing waits for you; one rollout is moving")
    expect(page.locator("#home-matrix .cell.progressing")).to_contain_text("→ v2")
    rollout.succeed()
    expect(page.locator("#home-matrix .cell.healthy")).to_contain_text("v2")
    expect(page.locator("#home-activity li").first).to_contain_text("boutique v2 is healthy on production")


def test_a_stranger_finds_no_page_of_the_organization(visit: Callable[..., Any], story: Story) -> None:
    rollout = story.start("v1", "dev")
    visitor = visit(story.people.gil)
    for path in (rollout.path, "/o/acme/", "/o/acme/applications/boutique/", f"{rollout.path}abort/"):
        visitor.open(path)
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Not found")
        expect(visitor.page.get_by_text("boutique")).to_have_count(0)
    assert len(visitor.complaints) == 4  # one 404 each, and nothing else
    visitor.complaints.clear()


def test_an_invitation_makes_an_account_and_opens_the_organization(
    visit: Callable[..., Any], story: Story
) -> None:
    secret = apart(lambda: _invite(story, "new@acme.example"))
    visitor = visit()
    page = visitor.open(f"/join/{secret}/")
    page.get_by_label("Your name").fill("Nia")
    page.get_by_label(re.compile("Password")).fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    expect(page).to_have_url(f"{visitor.url}/o/acme/")


def test_the_server_under_test_runs_without_the_switch_that_hides_queries_in_consumers(web: Web) -> None:
    assert "DJANGO_ALLOW_ASYNC_UNSAFE" not in web.environment()


def head(rollout: Any) -> int:
    def read() -> int:
        from apps.core import scopes
        from apps.rollouts.models import Rollout

        with scopes.organization(rollout.story.people.acme.id):
            return int(Rollout.objects.values_list("event_number", flat=True).get(id=rollout.rollout_id))

    return apart(read)


def _remove(story: Story) -> None:
    from apps.core import scopes
    from apps.organizations.models import Membership
    from apps.organizations.services import remove_member

    ana = story.actor("ana")
    with scopes.organization(story.people.acme.id):
        membership = Membership.objects.get(user_id=story.people.vic.id)
        remove_member(ana, membership.id)


def _invite(story: Story, email: str) -> str:
    from apps.core import scopes
    from apps.organizations.services import invite

    ana = story.actor("ana")
    with scopes.organization(story.people.acme.id):
        return invite(ana, email=email, role="viewer").secret
