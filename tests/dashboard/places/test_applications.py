"""An application's pages: its line, its history, its releases, its configuration."""

from __future__ import annotations

from tests.dashboard.conftest import Costs
from tests.dashboard.reading import browser, words
from tests.e2e.story import Story
from tests.people import People

PAGE = "/o/acme/applications/boutique/"


def test_the_line_says_what_is_live_where_and_how_far_apart(story: Story) -> None:
    story.live("v1", "production")
    for version in ("v2", "v3"):
        story.live(version, "dev")
    text = words(browser(story.people.vic).get(PAGE).content)
    assert "Newest release v3" in text
    assert "dev v3 healthy" in text
    assert "staging nothing yet" in text
    assert "production v1 healthy" in text
    assert "production is 2 releases behind the newest." in text
    assert "2 behind Promote v3 here" in text


def test_what_is_on_its_way_says_how_far_it_is_and_who_is_waited_for(story: Story) -> None:
    story.live("v1", "staging")
    moving = story.start("v2", "staging")
    moving.plan()
    moving.begin()
    moving.observe(ready=1.0)
    waiting = story.start("v2", "production")
    waiting.plan()
    html = browser(story.people.bo).get(PAGE, headers={"HX-Request": "true"}, data={"part": "travel"})
    text = words(html.content)
    assert text.startswith(
        "v2 is on its way to staging; v2 waits for production; staging is 1 release behind the newest."
    )
    assert "v2 step 1 of 1, 90 %" in text
    assert (
        "v2 the plan is not approved yet waits for a releaser, an owner or somebody granted to approve here"
        in text
    )
    assert html.content.decode().strip().startswith('<div id="application-travel"')


def test_a_station_that_needs_a_person_offers_to_lift_the_mark(story: Story) -> None:
    rollout = story.start("v1", "dev")
    rollout.plan()
    rollout.begin()
    rollout.fail("Deployment adservice: its pods crash.")
    text = words(browser(story.people.bo).get(PAGE).content)
    assert "needs a person Deployment adservice: its pods crash. Lift the mark" in text


def test_the_strips_tell_each_environments_last_rollouts(story: Story) -> None:
    story.live("v1", "dev")
    failed = story.start("v2", "dev")
    failed.plan()
    failed.begin()
    failed.fail("Deployment adservice: its pods crash.")
    text = words(browser(story.people.vic).get(PAGE).content)
    assert "dev 1 of 2 succeeded · usually < 1 s" in text
    assert "staging no rollouts yet" in text


def test_the_history_is_of_one_environment_or_of_all(story: Story) -> None:
    story.live("v1", "dev")
    story.live("v1", "staging")
    client = browser(story.people.vic)
    assert "1 v1 dev healthy" in words(client.get(f"{PAGE}history/").content)
    text = words(client.get(f"{PAGE}history/?environment=staging").content)
    assert "2 v1 staging healthy" in text
    assert "v1 dev" not in text
    assert client.get(f"{PAGE}history/?environment=moon").status_code == 404


def test_each_list_answers_with_itself_alone_when_its_stream_has_news(story: Story) -> None:
    story.live("v1", "dev")
    client = browser(story.people.vic)
    for path, part, begins in (
        ("/o/acme/applications/", "applications-list", '<section id="applications-list"'),
        (f"{PAGE}history/", "list", '<section id="application-history"'),
        (f"{PAGE}releases/", "list", '<section id="application-releases"'),
        (f"{PAGE}releases/v1/", "now", '<div id="release-now"'),
        (f"{PAGE}releases/v1/", "sentence", '<p id="release-sentence"'),
        (PAGE, "recent", '<div id="application-recent"'),
    ):
        answer = client.get(path, {"part": part}, headers={"HX-Request": "true"})
        assert answer.content.decode().strip().startswith(begins), path
        assert "<html" in client.get(path, {"part": part}).content.decode(), "a shared address opens the page"


def test_the_releases_say_where_each_is_now(story: Story) -> None:
    story.live("v1", "dev")
    story.live("v2", "dev")
    story.start("v2", "staging").plan()
    text = words(browser(story.people.vic).get(f"{PAGE}releases/").content)
    assert "v2 healthy dev waiting → staging 2 Dee" in text
    assert "v1 nowhere 2 Dee" in text


def test_who_may_start_and_approve_is_said_per_environment(story: Story) -> None:
    from apps.core import scopes
    from apps.environments.services import grant
    from apps.organizations.choices import GrantedRight
    from apps.organizations.models import Membership

    ana = story.actor("ana")
    with scopes.organization(story.people.acme.id):
        member = Membership.objects.get(user_id=story.people.ada.id)
        grant(ana, story.environments["production"], member, GrantedRight.APPROVE)
    text = words(browser(story.people.vic).get(PAGE).content)
    assert "dev Ana, Bo, Dee no approval is needed" in text
    assert "production Ana, Bo 1 approval of Ana, Bo, Ada, never who asked" in text


def test_configuration_is_changed_by_who_may(story: Story) -> None:
    path = f"{PAGE}configuration/"
    assert 'name="revision" value="1"' in browser(story.people.vic).get(path).content.decode()
    form = {
        "revision": "1",
        "name": "Boutique",
        "repository": "https://git.example/boutique",
        "source_kind": "plain",
        "overlay_pattern": "overlays/{environment}",
        "ignore_rules": "Deployment.apps:spec.replicas\n\n",
        "labels": "team=checkout",
        "require_digests": "on",
    }
    refused = browser(story.people.vic).post(path, form)
    assert refused.status_code == 403
    client = browser(story.people.ada)
    assert client.post(path, form).status_code == 302
    text = client.get(path).content.decode()
    assert 'value="Boutique"' in text
    assert "Deployment.apps:spec.replicas</textarea>" in text
    assert "team=checkout</textarea>" in text


def test_two_who_change_it_at_once_are_told_and_nothing_they_wrote_is_lost(story: Story) -> None:
    path = f"{PAGE}configuration/"
    base = {"source_kind": "plain", "overlay_pattern": "overlays/{environment}", "name": "boutique"}
    ada, ana = browser(story.people.ada), browser(story.people.ana)
    assert ada.post(path, {**base, "revision": "1", "repository": "https://a.example"}).status_code == 302
    answer = ana.post(path, {**base, "revision": "1", "repository": "https://b.example"})
    assert answer.status_code == 412
    text = words(answer.content)
    assert (
        "Somebody changed it while you wrote. Nothing of yours was saved, and it is all still in the form below."
        in text
    )
    assert "Repository is now https://a.example; you wrote https://b.example." in text
    html = answer.content.decode()
    assert 'value="https://b.example"' in html
    assert 'name="revision" value="2"' in html
    assert ana.post(path, {**base, "revision": "2", "repository": "https://b.example"}).status_code == 302


def test_a_label_that_is_none_is_said_and_the_form_kept(story: Story) -> None:
    path = f"{PAGE}configuration/"
    form = {"revision": "1", "name": "boutique", "source_kind": "plain", "labels": "team"}
    answer = browser(story.people.ada).post(path, form)
    assert answer.status_code == 422
    assert "“team” is no label; one is written key=value." in words(answer.content)


def test_the_list_says_what_is_live_and_finds_by_a_part_of_the_name(story: Story) -> None:
    story.live("v1", "dev")
    client = browser(story.people.vic)
    assert "boutique dev v1 1 YAML documents" in words(client.get("/o/acme/applications/").content)
    text = words(client.get("/o/acme/applications/?name=zzz").content)
    assert "No application's name holds “zzz”." in text


def test_an_organization_without_applications_says_what_to_do_next(people: People) -> None:
    text = words(browser(people.gil).get("/o/globex/applications/").content)
    assert "No applications yet. Paste a manifest and it is live in two minutes." in text
    assert "slipway apps create shop" in text


def test_every_page_of_an_application_costs_what_is_written_down_however_much_there_is(
    story: Story, costs: Costs
) -> None:
    from apps.core import scopes
    from apps.environments.models import Target

    pages = {
        "applications": "/o/acme/applications/",
        "application": PAGE,
        "application-travel": f"{PAGE}?part=travel",
        "application-history": f"{PAGE}history/",
        "application-releases": f"{PAGE}releases/",
        "application-configuration": f"{PAGE}configuration/",
        "start": f"{PAGE}start/?release=v1",
        "start-back": f"{PAGE}start/?back=1",
        "release": f"{PAGE}releases/v2/",
        "compare": f"{PAGE}compare/v1...v2/",
        "first": "/o/acme/first/",
    }
    client = browser(story.people.bo)

    def check() -> None:
        for name, url in pages.items():
            headers = {"HX-Request": "true"} if "part=" in url else {}
            costs(client, name, url, **headers)
        with scopes.organization(story.people.acme.id):
            target = Target.objects.get(application_id=story.boutique.id, environment__slug="dev")
        costs(client, "lift-mark", f"/o/acme/targets/{target.id}/lift-mark/")

    story.live("v1", "dev")
    story.live("v2", "dev")
    begun = story.start("v2", "staging")
    begun.plan()
    begun.begin()
    check()
    for version in ("v3", "v4"):
        story.live(version, "dev")
    moving = story.start("v3", "production")
    moving.plan()
    moving.begin()
    check()
