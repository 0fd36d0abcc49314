"""Pages are faces over the same services: the same doors, the same refusals, nothing half-done."""

from __future__ import annotations

from django.test import Client

from tests.dashboard.reading import browser
from tests.e2e.story import Story
from tests.people import PASSWORD

PAGES = (
    "",
    "rollouts/",
    "rollouts/?only=moving",
    "rollouts/1/",
    "rollouts/1/actions/",
    "applications/",
    "applications/boutique/",
    "applications/boutique/releases/v1/",
)


def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(story: Story) -> None:
    story.start("v1", "dev")
    for page in PAGES:
        answer = Client().get(f"/o/acme/{page}")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/?next=/o/acme/")


def test_every_member_sees_every_page_and_a_stranger_none(story: Story) -> None:
    story.start("v1", "dev").plan()
    for name in ("ana", "bo", "dee", "ada", "olu", "vic"):
        client = browser(getattr(story.people, name))
        assert [client.get(f"/o/acme/{page}").status_code for page in PAGES] == [200] * len(PAGES)
    stranger = browser(story.people.gil)
    for page in PAGES:
        answer = stranger.get(f"/o/acme/{page}")
        assert answer.status_code == 404
        assert b"boutique" not in answer.content


def test_a_viewer_who_aborts_anyway_is_refused_and_it_is_written_down(story: Story) -> None:
    from apps.audit.models import AuditEntry
    from apps.core import scopes

    rollout = story.start("v1", "dev")
    answer = browser(story.people.vic).post(f"{rollout.path}abort/", {"why": "I want to"})
    assert answer.status_code == 403
    assert b"Your role (viewer) does not let you" in answer.content
    with scopes.organization(story.people.acme.id):
        from apps.rollouts.models import Rollout

        assert Rollout.objects.get(id=rollout.rollout_id).abort_requested_at is None
        refused = AuditEntry.objects.filter(action="access.refused").get()
    assert (refused.actor_label, refused.channel) == ("Vic", "ui")
    assert refused.object_label == f"POST {rollout.path}abort/"


def test_a_form_without_its_token_changes_nothing_and_says_so(story: Story) -> None:
    rollout = story.start("v1", "dev")
    client = Client(enforce_csrf_checks=True)
    client.force_login(story.people.ana)
    answer = client.post(f"{rollout.path}abort/")
    assert answer.status_code == 403
    assert b"This form is too old" in answer.content


def test_an_unknown_act_is_none(story: Story) -> None:
    rollout = story.start("v1", "dev")
    assert browser(story.people.ana).post(f"{rollout.path}explode/").status_code == 404
    assert browser(story.people.ana).get(f"{rollout.path}resume/").status_code == 404


def test_a_rollback_from_the_page_starts_a_rollout_of_the_chosen_release(story: Story) -> None:
    story.live("v1", "dev")
    second = story.live("v2", "dev")
    client = browser(story.people.bo)
    asked = client.get(f"{second.path}roll-back/")
    assert b'<option value="v1">v1</option>' in asked.content
    answer = client.post(f"{second.path}roll-back/", {"release": "v1", "why": "carts are empty"})
    assert answer.status_code == 302
    assert answer["Location"] == f"/o/acme/rollouts/{second.number + 1}/"
    assert b"back to v1" in client.get(answer["Location"]).content


def test_deletions_are_confirmed_by_typing_their_number(story: Story) -> None:
    from apps.core import scopes
    from apps.rollouts.models import Rollout

    rollout = story.start("v1", "dev")
    rollout.plan()
    client = browser(story.people.bo)
    answer = client.post(f"{rollout.path}confirm-deletions/", {"number": "many"})
    assert answer.status_code == 422
    answer = client.post(
        f"{rollout.path}confirm-deletions/", {"number": "12"}, headers={"HX-Request": "true"}
    )
    assert (answer.status_code, answer.content.decode().strip()) == (
        422,
        '<p class="mistake">The plan deletes 0 objects, not 12; nothing is confirmed.</p>',
    )
    client.post(f"{rollout.path}confirm-deletions/", {"number": "0"})
    with scopes.organization(story.people.acme.id):
        assert Rollout.objects.get(id=rollout.rollout_id).confirmed_deletions == 0


def test_an_invitation_that_is_none_says_so_and_a_used_one_too(story: Story) -> None:
    answer = Client().post("/join/nothing/", {"name": "Nia", "password": PASSWORD})
    assert answer.status_code == 404
    assert b"This link was used already, has run out, or never was one." in answer.content


def test_the_matrix_says_how_far_behind_an_environment_is(story: Story) -> None:
    story.live("v1", "production")
    for version in ("v2", "v3"):
        story.live(version, "staging")
    content = browser(story.people.vic).get("/o/acme/").content.decode()
    assert 'title="2 releases behind the environment before">−2</span>' in content


def test_a_page_asks_the_database_as_often_for_many_applications_as_for_one(story: Story) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.people import make_application

    client = browser(story.people.vic)
    story.live("v1", "dev")
    client.get("/o/acme/")
    with CaptureQueriesContext(connection) as one:
        client.get("/o/acme/")
    for number in range(12):
        make_application(story.actor("ana"), slug=f"other-{number}")
    with CaptureQueriesContext(connection) as many:
        client.get("/o/acme/")
    assert len(many) == len(one)


def test_buttons_that_are_fetched_anew_bring_the_count_of_what_waits(story: Story) -> None:
    rollout = story.start("v1", "production")
    rollout.plan()
    path, headers = f"{rollout.path}actions/", {"HX-Request": "true"}
    asked = browser(story.people.bo).get(path, headers=headers).content.decode()
    assert '<span id="waiting-count"' in asked
    assert 'hx-swap-oob="true" >' in " ".join(asked.split())
    assert ", waiting for you: </span>1</span>" in asked
    unasked = browser(story.people.vic).get(path, headers=headers).content.decode()
    assert 'hx-swap-oob="true" hidden>' in " ".join(unasked.split())


def test_rolling_back_says_what_it_concerns_and_whose_approval_it_needs(story: Story) -> None:
    story.live("v1", "production")
    rollout = story.live("v2", "production")
    content = browser(story.people.bo).get(f"{rollout.path}roll-back/").content.decode()
    assert "<p>This concerns 4 objects it changed, 1 object it deleted. About 11 pods restart.</p>" in content
    assert "<p>It is planned first and needs 1 approval, not your own.</p>" in content


def test_a_gate_that_passes_has_the_buttons_fetched_anew(story: Story) -> None:
    from apps.core import scopes
    from apps.dashboard.pictures.rollouts import picture_of
    from apps.rollouts.models import Rollout

    rollout = story.start("v1", "production")
    rollout.plan()
    with scopes.organization(story.people.acme.id):
        row = Rollout.objects.get(id=rollout.rollout_id)
        approval = dict(row.reasons[0])
        row.reasons = [approval, {**approval, "gate": "deletions"}]
        held = picture_of(row, "acme").buttons
        row.reasons = [approval, {**approval, "gate": "deletions", "answer": "pass"}]
        passed = picture_of(row, "acme").buttons
    assert (held.removeprefix(passed), passed != held) == ("|deletions", True)
