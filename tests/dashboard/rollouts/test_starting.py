"""Putting a release somewhere from the page: what is asked, what is done, and that a double click is one press."""

from __future__ import annotations

import re
from typing import Any

from tests.dashboard.reading import browser, key_in, words
from tests.e2e.story import Story
from tests.people import make_cluster, make_environment

START = "/o/acme/applications/boutique/start/"


def targets(story: Story) -> dict[str, Any]:
    from apps.core import scopes
    from apps.environments.models import Target

    with scopes.organization(story.people.acme.id):
        rows = Target.objects.filter(application_id=story.boutique.id).select_related("environment")
        return {row.environment.slug: row for row in rows}


def rollouts(story: Story) -> list[Any]:
    from apps.core import scopes
    from apps.rollouts.models import Rollout

    with scopes.organization(story.people.acme.id):
        return list(Rollout.objects.select_related("release", "environment").order_by("number"))


def test_the_dialog_says_for_each_place_what_is_live_there_and_what_will_happen(story: Story) -> None:
    story.live("v1", "dev")
    story.release("v2")
    text = words(browser(story.people.bo).get(f"{START}?release=v2").content)
    assert "Promote boutique v2 to …" in text
    assert (
        "dev v1 healthy v1 → v2, 1 release on. Needs no approval: it begins as soon as it is planned." in text
    )
    assert "production nothing yet The first release here. Needs 1 approval, not your own." in text


def test_the_next_place_on_the_way_is_chosen_and_the_one_that_was_pressed_on(story: Story) -> None:
    story.live("v1", "dev")
    places = targets(story)
    client = browser(story.people.bo)

    def chosen(query: str) -> list[str]:
        html = " ".join(client.get(f"{START}?{query}").content.decode().split())
        return [name for name, row in places.items() if f'value="{row.id}" checked' in html]

    assert chosen("release=v1") == ["staging"]
    assert chosen("release=v1&to=production") == ["production"]


def test_one_place_leads_to_its_rollout_and_what_was_said_is_kept(story: Story) -> None:
    story.release("v1")
    client, dev = browser(story.people.bo), targets(story)["dev"]
    key = key_in(client.get(START).content)
    answer = client.post(START, {"key": key, "release": "v1", "target": [str(dev.id)], "why": "try it"})
    assert (answer.status_code, answer["Location"]) == (302, "/o/acme/rollouts/1/")
    (row,) = rollouts(story)
    assert (row.release.version, row.environment.slug, row.why, row.requested_by_label) == (
        "v1",
        "dev",
        "try it",
        "Bo",
    )


def test_several_places_are_started_together_and_lead_to_the_application(story: Story) -> None:
    story.release("v1")
    client, places = browser(story.people.bo), targets(story)
    form = {
        "key": key_in(client.get(START).content),
        "release": "v1",
        "target": [str(places["dev"].id), str(places["staging"].id)],
    }
    answer = client.post(START, form, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/o/acme/applications/boutique/")
    assert [row.environment.slug for row in rollouts(story)] == ["dev", "staging"]


def test_a_double_click_is_one_press_even_after_the_first_one_has_ended(story: Story) -> None:
    first = story.start("v1", "dev")
    client, dev = browser(story.people.bo), targets(story)["dev"]
    story.release("v2")
    form = {"key": key_in(client.get(START).content), "release": "v2", "target": [str(dev.id)]}
    answers = [client.post(START, form)["Location"] for _ in range(2)]
    assert answers == ["/o/acme/rollouts/2/"] * 2
    assert [row.number for row in rollouts(story)] == [first.number, 2]
    other = client.post(START, {**form, "why": "something else"})
    assert other.status_code == 409
    assert "This form was sent already, filled in differently." in words(other.content)


def test_all_places_or_none(story: Story) -> None:
    story.release("v1")
    places = targets(story)
    client = browser(story.people.dee)
    form = {
        "key": key_in(client.get(START).content),
        "release": "v1",
        "target": [str(places["dev"].id), str(places["production"].id)],
    }
    answer = client.post(START, form)
    assert answer.status_code == 403
    assert (
        "production: Your role (developer) does not let you start a rollout. Nothing was started."
        in words(answer.content)
    )
    assert rollouts(story) == []


def test_nowhere_chosen_starts_nothing_and_says_so(story: Story) -> None:
    story.release("v1")
    client = browser(story.people.bo)
    answer = client.post(START, {"key": "k", "release": "v1"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert words(answer.content) == "Choose at least one place. Nothing was started."


def test_what_one_may_not_do_is_greyed_with_its_reason(story: Story) -> None:
    story.release("v1")
    text = words(browser(story.people.vic).get(START).content)
    assert "dev nothing yet Your role (viewer) does not let you start a rollout where no approval" in text
    text = words(browser(story.people.dee).get(START).content)
    assert "production nothing yet Your role (developer) does not let you start a rollout." in text


def test_a_rollout_that_waits_is_superseded_and_one_that_holds_the_slot_is_waited_for(story: Story) -> None:
    waiting = story.start("v1", "production")
    waiting.plan()
    story.release("v2")
    text = words(browser(story.people.bo).get(f"{START}?release=v2").content)
    assert "Supersedes v1, which Ana asked for and which waits here (rollout 1)." in text
    waiting.begin()
    text = words(browser(story.people.bo).get(f"{START}?release=v2").content)
    assert "Waits until v1 has ended here: rollout 1 holds the slot, progressing." in text
    again = words(browser(story.people.bo).get(f"{START}?release=v1").content)
    assert "Rollout 1 puts v1 here already." in again


def test_back_to_an_earlier_release_where_it_stood(story: Story) -> None:
    story.live("v1", "dev")
    story.live("v2", "dev")
    client, dev = browser(story.people.bo), targets(story)["dev"]
    page = client.get(f"{START}?release=v1&back=1&to=dev")
    text = words(page.content)
    assert "Roll back to boutique v1" in text
    assert "dev v2 healthy v2 → v1, 1 release back." in text
    assert "staging nothing yet v1 never succeeded here, so there is nothing to go back to." in text
    form = {"key": key_in(page.content), "release": "v1", "back": "1", "target": [str(dev.id)]}
    assert client.post(START, form)["Location"] == "/o/acme/rollouts/3/"
    assert rollouts(story)[-1].kind == "rollback"


def test_what_is_live_is_applied_again_and_not_promoted(story: Story) -> None:
    story.live("v1", "dev")
    client, dev = browser(story.people.bo), targets(story)["dev"]
    page = client.get(f"{START}?release=v1&to=dev")
    assert "It is live here already: only what was changed since is written again." in words(page.content)
    client.post(START, {"key": key_in(page.content), "release": "v1", "target": [str(dev.id)]})
    assert rollouts(story)[-1].kind == "re-apply"


def test_going_back_offers_first_what_stands_nowhere_now(story: Story) -> None:
    client = browser(story.people.bo)
    assert "boutique has nothing to go back to" in words(client.get(f"{START}?back=1").content)
    for version in ("v1", "v2", "v3"):
        story.live(version, "dev")
    story.release("v4")
    html = client.get(f"{START}?back=1", headers={"HX-Request": "true"}).content.decode()
    assert re.findall(r'<option value="(v\d)"', html) == ["v2", "v1", "v3"]
    story.live("v2", "staging")  # live there alone, and still the one to go back to in dev
    html = client.get(f"{START}?back=1", headers={"HX-Request": "true"}).content.decode()
    assert "Roll back to boutique v2" in words(html)
    assert "Roll back to boutique v2" in words(html)


def test_an_application_without_releases_says_how_to_make_one(story: Story) -> None:
    text = words(browser(story.people.bo).get(START).content)
    assert "boutique has no release yet" in text
    assert "slipway releases create boutique 1.0 app.yaml" in text


def test_a_mark_is_lifted_with_what_was_found_and_written_down(story: Story) -> None:
    from apps.audit.models import AuditEntry
    from apps.core import scopes

    rollout = story.start("v1", "dev")
    rollout.plan()
    rollout.begin()
    rollout.fail("Deployment adservice: its pods crash.")
    dev = targets(story)["dev"]
    path = f"/o/acme/targets/{dev.id}/lift-mark/"
    client = browser(story.people.bo)
    assert "Deployment adservice: its pods crash." in words(client.get(path).content)
    answer = client.post(path, {"why": "it was the quota"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")
    assert targets(story)["dev"].needs_person_since is None
    with scopes.organization(story.people.acme.id):
        entry = AuditEntry.objects.get(action="target.lift-mark")
    assert (entry.actor_label, entry.channel, entry.why) == ("Bo", "ui", "it was the quota")
    assert "needs nobody" in words(client.get(path).content)
    assert browser(story.people.vic).post(path, {"why": ""}).status_code == 403


def test_an_environment_with_two_clusters_shows_each(story: Story) -> None:
    owner = story.actor("ana")
    clusters = [make_cluster(owner, slug=slug) for slug in ("east", "west")]
    make_environment(owner, "edge", clusters)
    story.release("v1")
    text = words(browser(story.people.bo).get(START).content)
    assert "edge east nothing yet" in text
    assert "edge west nothing yet" in text
