"""Home: what is asked for by an address is what is shown, what waits is counted as it is listed, and views are kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.core import scopes
from tests.e2e.story import Story
from tests.people import PASSWORD, make_application

HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(story: Story) -> Callable[[str], Client]:
    def sign_in(name: str) -> Client:
        client = Client()
        assert client.login(email=getattr(story.people, name).email, password=PASSWORD)
        return client

    return sign_in


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return re.sub(r"\s+", " ", answer.content.decode())


def rows(answer: Any) -> list[str]:
    """The applications that the matrix shows, in order."""
    return re.findall(r'<th scope="row"><a data-row href="/o/acme/applications/([a-z0-9-]+)/">', text(answer))


@pytest.fixture
def fleet(story: Story) -> Story:
    """boutique moves, ledger is behind, search failed, quiet rests; two teams."""
    owner = story.actor("ana")
    teams = {"ledger": "pay", "search": "shop", "quiet": None}
    made = {
        slug: make_application(owner, slug=slug, labels={"team": team} if team else {})
        for slug, team in teams.items()
    }
    boutique, releases = story.boutique, story.releases
    for slug, tell in {
        "ledger": lambda: (story.live("v1", "dev"), story.live("v1", "staging"), story.live("v2", "dev")),
        "search": lambda: _fails(story),
        "quiet": lambda: story.live("v1", "dev"),
    }.items():
        story.boutique, story.releases = made[slug], {}
        tell()
    story.boutique, story.releases = boutique, releases
    moving = story.start("v1", "dev")
    moving.plan()
    moving.begin()
    moving.observe(ready=0.5)
    return story


def _fails(story: Story) -> None:
    broken = story.start("v1", "dev", by="dee")
    broken.plan()
    broken.begin()
    broken.fail("Its pods crash: exit 137, out of memory.")


def test_the_address_says_which_applications_are_shown(fleet: Story, browser: Any) -> None:
    client = browser("vic")
    found = {
        query: rows(client.get(f"/o/acme/?{query}"))
        for query in (
            "",
            "only=moving",
            "only=behind",
            "only=bad",
            "only=moving&only=bad",
            "name=SEAR",
            "name=e+r",
            "label=team",
            "label=team%3Dpay",
            "only=behind&label=team%3Dpay",
            "only=nonsense&layout=nonsense",
        )
    }
    assert found == {
        "": ["boutique", "ledger", "quiet", "search"],
        "only=moving": ["boutique"],
        "only=behind": ["ledger"],
        "only=bad": ["search"],
        "only=moving&only=bad": [],
        "name=SEAR": ["search"],
        "name=e+r": ["ledger", "search"],
        "label=team": ["ledger", "search"],
        "label=team%3Dpay": ["ledger"],
        "only=behind&label=team%3Dpay": ["ledger"],
        "only=nonsense&layout=nonsense": ["boutique", "ledger", "quiet", "search"],
    }


def test_what_is_not_found_is_said_with_what_was_sought(fleet: Story, browser: Any) -> None:
    client = browser("vic")
    assert "No application's name contains “zebra”." in text(client.get("/o/acme/?name=zebra"))
    assert "Nothing with team=pay is moving now." in text(client.get("/o/acme/?only=moving&label=team%3Dpay"))
    answer = text(client.get("/o/acme/?label=tier%3D1"))
    assert (
        'No application has the label tier=1. Give it one with <code class="mono">slipway apps label NAME tier=1</code>.'
        in answer
    )


def test_grouping_goes_by_a_labels_values_and_ends_with_those_without(fleet: Story, browser: Any) -> None:
    answer = browser("vic").get("/o/acme/?group=team")
    titles = re.findall(r'colspan="4">([^<]+) <small>([^<]+)</small>', text(answer))
    assert titles == [
        ("team: pay", "1 application"),
        ("team: shop", "1 application"),
        ("without team", "2 applications"),
    ]
    assert rows(answer) == ["ledger", "search", "boutique", "quiet"]


def test_labels_are_offered_only_where_there_are_some(story: Story, browser: Any) -> None:
    client = browser("vic")
    assert "matrix-label" not in text(client.get("/o/acme/"))
    make_application(story.actor("ana"), slug="ledger", labels={"team": "pay"})
    answer = text(client.get("/o/acme/"))
    assert '<option value="team=pay"></option>' in answer
    assert '<option value="team" >by team</option>' in answer


def test_a_cell_says_how_far_its_rollout_is(fleet: Story, browser: Any) -> None:
    cell = re.search(r'<a id="cell-[^>]*data-rollout=.*?</a>', text(browser("vic").get("/o/acme/")))
    assert cell is not None
    assert "step 1 of 1 · 0 of 4 healthy" in cell[0]
    assert '<progress max="100" value="0" aria-label="step 1 of 1 · 0 of 4 healthy">0 %</progress>' in cell[0]
    assert "→ v1</span>" in cell[0]


def test_the_list_has_a_line_per_target_and_of_a_narrowed_look_only_what_it_is_about(
    fleet: Story, browser: Any
) -> None:
    client = browser("vic")
    lines = re.findall(
        r'<td class="where">([^<]+)</td>', text(client.get("/o/acme/?layout=list&name=ledger"))
    )
    assert lines == ["dev", "staging", "production"]
    behind = text(client.get("/o/acme/?layout=list&only=behind"))
    assert re.findall(r'<td class="where">([^<]+)</td>', behind) == ["staging"]


def test_a_cell_explains_itself_to_whoever_points_at_it(fleet: Story, browser: Any) -> None:
    client = browser("vic")
    cells = re.findall(r'<a id="cell-([0-9a-f-]+)".*?</a>', text(client.get("/o/acme/?name=ledger")))
    answer = text(client.get(f"/o/acme/?part=detail&target={cells[1]}", headers=HTMX))
    assert '<p class="title">ledger in staging on harbour</p>' in answer
    assert "· by Ana" in answer
    assert '<span class="mono">01010101</span> SHOP-410 Show the cart&#x27;s total' in answer
    assert "1 release and 2 commits behind dev (v2)" in answer
    assert client.get("/o/acme/?part=detail&target=nothing", headers=HTMX).status_code == 404
    foreign = Client()
    foreign.force_login(fleet.people.gil)
    assert foreign.get(f"/o/globex/?part=detail&target={cells[1]}", headers=HTMX).status_code == 404


def test_what_is_typed_into_the_filter_stands_in_the_address(fleet: Story, browser: Any) -> None:
    client = browser("vic")
    typed = client.get(
        "/o/acme/?part=matrix&name=led&label=&group=", headers={**HTMX, "HX-Trigger": "matrix-filter"}
    )
    assert typed["HX-Replace-Url"] == "/o/acme/?name=led"
    assert rows(typed) == ["ledger"]
    refreshed = client.get("/o/acme/?part=matrix&name=led", headers={**HTMX, "HX-Trigger": "home-matrix"})
    assert "HX-Replace-Url" not in refreshed


# What waits


def test_the_number_in_the_rail_is_what_is_listed(fleet: Story, browser: Any) -> None:
    from apps.dashboard.pictures.waiting import waiting_count, waiting_for

    fleet.start("v1", "production", by="ana").plan()
    counts = {}
    for name in ("ana", "bo", "dee", "ada", "olu", "vic"):
        actor = fleet.actor(name)
        with scopes.organization(fleet.people.acme.id):
            counts[name] = (waiting_count(actor), len(waiting_for(actor)))
    # Ana asked for it herself; the target of search needs somebody who may steer.
    assert counts == {"ana": (1, 1), "bo": (2, 2), "dee": (0, 0), "ada": (0, 0), "olu": (0, 0), "vic": (0, 0)}


def test_who_decided_is_not_asked_again_until_the_plan_is_another(story: Story, browser: Any) -> None:
    from apps.approvals.services import decide
    from apps.dashboard.pictures.waiting import waiting_count
    from apps.rollouts.models import Rollout

    rollout = story.start("v1", "production")
    rollout.plan()
    bo = story.actor("bo")
    with scopes.organization(story.people.acme.id):
        assert waiting_count(bo) == 1
        digest = Rollout.objects.get(id=rollout.rollout_id).plan_digest
        decide(bo, rollout.rollout_id, plan_digest=digest, approved=True)
        assert waiting_count(bo) == 0
    rollout.plan(image="other")
    with scopes.organization(story.people.acme.id):
        assert waiting_count(bo) == 1


def test_a_grant_asks_where_it_is_given_and_nowhere_else(story: Story) -> None:
    from apps.dashboard.pictures.waiting import waiting_count
    from apps.environments.services.grants import grant
    from apps.organizations.models import Membership

    story.start("v1", "production").plan()
    vic, dee = story.people.vic, story.people.dee
    with scopes.organization(story.people.acme.id):
        assert waiting_count(story.actor("vic")) == 0
        member = Membership.objects.get(user_id=vic.pk)
        grant(story.actor("ana"), story.environments["staging"], member, "approve")
        assert waiting_count(story.actor("vic")) == 0
        grant(story.actor("ana"), story.environments["production"], member, "approve")
        assert waiting_count(story.actor("vic")) == 1
        author = Membership.objects.get(user_id=dee.pk)
        grant(story.actor("ana"), story.environments["production"], author, "approve")
        assert waiting_count(story.actor("dee")) == 0  # her commits are in it


def test_ones_own_that_wait_for_somebody_else_say_for_whom(story: Story, browser: Any) -> None:
    story.start("v1", "production").plan()
    answer = text(browser("ana").get("/o/acme/"))
    assert "<h1>Nothing waits for you; nothing is moving</h1>" in answer
    assert 'id="own-title">You asked for</h2>' in answer
    assert (
        "0 of 1 approval; waits for a releaser, an owner or somebody granted to approve here (not Ana, Dee)"
        in answer
        or "waits for a releaser, an owner or somebody granted to approve here (not Ana, Dee)" in answer
    )
    assert "You asked for" not in text(browser("bo").get("/o/acme/"))


def test_ones_own_failure_stays_until_somebody_begins_anew(story: Story, browser: Any) -> None:
    _fails(story)
    dee = browser("dee")
    assert "Its pods crash: exit 137, out of memory · <time" in text(dee.get("/o/acme/"))
    assert "You asked for" not in text(browser("bo").get("/o/acme/"))  # it waits for Bo, above
    story.start("v1", "dev", by="bo").plan()
    assert "You asked for" not in text(dee.get("/o/acme/"))


def test_more_than_a_handful_is_counted_and_leads_to_the_page_of_approvals(
    story: Story, browser: Any
) -> None:
    boutique = story.boutique
    for number in range(8):
        story.boutique = make_application(story.actor("ana"), slug=f"app-{number}")
        story.releases = {}
        story.start("v1", "production").plan()
    story.boutique = boutique
    answer = text(browser("bo").get("/o/acme/"))
    assert "<h1>8 things wait for you; nothing is moving</h1>" in answer
    assert len(re.findall(r'<li id="waiting-', answer)) == 5
    assert "3 more in Approvals</a>" in answer
    listed = re.findall(r'<li id="waiting-[^>]*>.*?<b>(app-\d)</b>', answer)
    assert listed == [f"app-{number}" for number in range(5)]  # oldest first


# Saved views


def test_a_view_is_kept_found_by_its_link_and_deleted(fleet: Story, browser: Any) -> None:
    client = browser("vic")
    answer = client.post(
        "/o/acme/views/", {"name": "Pay  team", "query": "label=team%3Dpay&only=behind&part=matrix"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/o/acme/?view=pay-team")
    shown = client.get("/o/acme/?view=pay-team")
    assert rows(shown) == ["ledger"]
    assert "Delete “Pay team”" in text(shown)
    assert rows(client.get("/o/acme/?view=pay-team&name=zebra")) == ["ledger"]  # a view is an address
    removed = client.post("/o/acme/views/pay-team/delete/")
    assert removed["Location"] == "/o/acme/?label=team%3Dpay&only=behind"
    assert client.get("/o/acme/?view=pay-team").status_code == 404


def test_a_view_of_ones_own_is_nobody_elses_and_a_shared_one_everybodys(fleet: Story, browser: Any) -> None:
    from apps.audit.models import AuditEntry

    dee, vic = browser("dee"), browser("vic")
    dee.post("/o/acme/views/", {"name": "mine", "query": "only=bad"})
    dee.post("/o/acme/views/", {"name": "ours", "query": "only=moving", "shared": "on"})
    assert vic.get("/o/acme/?view=mine").status_code == 404
    shared = vic.get("/o/acme/?view=ours")
    assert rows(shared) == ["boutique"]
    assert "Delete “ours”" not in text(shared)
    refused = vic.post("/o/acme/views/ours/delete/")
    assert refused.status_code == 403
    assert "This view is Dee&#x27;s; they, an admin or an owner can delete it." in refused.content.decode()
    stranger = Client()
    stranger.force_login(fleet.people.gil)
    assert stranger.get("/o/globex/?view=ours").status_code == 404
    assert browser("ada").post("/o/acme/views/ours/delete/").status_code == 302
    with scopes.organization(fleet.people.acme.id):
        said = list(
            AuditEntry.objects.filter(object_kind="view")
            .order_by("number")
            .values_list("action", "object_label", "actor_label")
        )
    assert said == [("view.save", "ours", "Dee"), ("view.delete", "ours", "Ada")]


def test_saving_under_the_same_name_changes_the_view_and_keeps_its_link(fleet: Story, browser: Any) -> None:
    client = browser("vic")
    client.post("/o/acme/views/", {"name": "mine", "query": "only=bad"})
    again = client.post("/o/acme/views/", {"name": "mine", "query": "only=moving"})
    assert again["Location"] == "/o/acme/?view=mine"
    assert rows(client.get("/o/acme/?view=mine")) == ["boutique"]
    other = browser("dee").post("/o/acme/views/", {"name": "mine", "query": "only=bad"})
    assert other["Location"] == "/o/acme/?view=mine-2"
    nameless = client.post("/o/acme/views/", {"name": " ", "query": "only=bad"})
    assert nameless.status_code == 422
    assert "A view has a name of at most 60 letters." in nameless.content.decode()


def test_home_is_served_compressed(fleet: Story, browser: Any) -> None:
    answer = browser("vic").get("/o/acme/", headers={"Accept-Encoding": "gzip"})
    assert (answer["Content-Encoding"], answer["Vary"].count("Accept-Encoding")) == ("gzip", 1)


PAGES = {
    "home": "/o/acme/",
    "home-narrowed": "/o/acme/?only=behind&only=bad&name=app",
    "home-grouped": "/o/acme/?group=team",
    "home-list": "/o/acme/?layout=list",
    "activity": "/o/acme/activity/",
    "activity-narrowed": "/o/acme/activity/?kind=rollouts&environment=dev",
}


def test_pages_cost_what_is_written_down_and_no_more_with_more_rows(
    fleet: Story, browser: Any, costs: Any
) -> None:
    _two_more(fleet, "first")
    bo = browser("bo")
    for name, url in PAGES.items():
        costs(bo, name, url)
    for number in range(3):
        _two_more(fleet, f"more-{number}")
    for name, url in PAGES.items():
        costs(bo, name, url)


def _two_more(fleet: Story, slug: str) -> None:
    """One that waits for Bo, and one that failed behind its neighbour."""
    owner, boutique, releases = fleet.actor("ana"), fleet.boutique, fleet.releases
    fleet.boutique, fleet.releases = make_application(owner, slug=f"{slug}-waits", labels={"team": slug}), {}
    fleet.start("v1", "production", by="ana").plan()
    fleet.boutique, fleet.releases = make_application(owner, slug=f"{slug}-app"), {}
    fleet.live("v1", "staging")
    fleet.live("v2", "dev")
    broken = fleet.start("v2", "staging", by="bo")
    broken.plan()
    broken.begin()
    broken.fail("Its pods crash: exit 137, out of memory.")
    fleet.boutique, fleet.releases = boutique, releases
