"""A plan is looked at before it is decided on: all of it, what is worth knowing, and what changed since."""

from __future__ import annotations

import re
from typing import Any

import pytest

from slipway.engine.diff import FieldChange
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import PlannedObject, Verb
from tests.dashboard.conftest import Costs
from tests.dashboard.reading import let_in as browser
from tests.e2e.story import Story, Teller

HTMX = {"HX-Request": "true"}


@pytest.fixture
def waiting(story: Story) -> Teller:
    """v2, asked for by ana, waits for production's one approval; staging has it already."""
    story.live("v1", "production")
    story.live("v2", "staging")
    rollout = story.start("v2", "production")
    rollout.plan()
    return rollout


def words(answer: Any) -> str:
    """What the page says, without its markup."""
    text = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(text.replace("&quot;", '"').replace("&#x27;", "'").split())


def digest_of(story: Story, rollout: Teller) -> str:
    from apps.core import scopes
    from apps.rollouts.models import Rollout

    with scopes.organization(story.people.acme.id):
        return str(Rollout.objects.get(id=rollout.rollout_id).plan_digest)


def approvals_of(story: Story, rollout: Teller) -> list[tuple[str, bool, str, str]]:
    from apps.approvals.models import Approval
    from apps.core import scopes

    with scopes.organization(story.people.acme.id):
        rows = Approval.objects.filter(rollout_id=rollout.rollout_id).order_by("decided_at")
        return [(row.person_label, row.approved, row.comment, row.plan_digest) for row in rows]


def test_a_review_says_what_happens_who_asked_whose_commits_and_what_staging_said(
    story: Story, waiting: Teller
) -> None:
    page = words(browser(story.people.bo).get(f"{waiting.path}review/"))
    assert "4 objects change, 1 is deleted." in page
    assert "If it fails it goes back to v1 by itself." in page
    assert "needs 1 approval, none given" in page
    assert "waits for you" in page
    assert "v1 → v2 (2 commits, 2 issues) in 4 containers" in page
    assert "v2 is live and healthy in staging." in page
    assert "4 images are named by a tag alone, which can come to mean something else." in page
    assert "1 object is deleted: ConfigMap flags-5d1e." in page
    assert "Ana asked for it, and who asks does not approve." in page
    assert "2 commits, 2 issues by Dee" in page


def test_a_release_that_never_was_in_the_environment_before_is_pointed_out(story: Story) -> None:
    rollout = story.start("v1", "production")
    rollout.plan()
    page = words(browser(story.people.bo).get(f"{rollout.path}review/"))
    assert "v1 was never in staging." in page
    assert "This is the first release in production: there is nothing to go back to." in page
    assert "4 objects are created, none is deleted, 4 pods start." in page


def test_before_there_is_a_plan_the_review_says_what_it_waits_for(story: Story) -> None:
    rollout = story.start("v1", "production")
    page = words(browser(story.people.bo).get(f"{rollout.path}review/"))
    assert "The plan is not made yet: the cluster is asked what would change." in page


def test_approving_signs_the_digest_that_was_looked_at_and_keeps_the_comment(
    story: Story, waiting: Teller
) -> None:
    client = browser(story.people.bo)
    digest = digest_of(story, waiting)
    form = {"plan_digest": digest, "decision": "approve", "why": "checked staging"}
    answer = client.post(f"{waiting.path}review/", form)
    assert (answer.status_code, answer["Location"]) == (302, waiting.path)
    assert approvals_of(story, waiting) == [("Bo", True, "checked staging", digest)]
    page = words(client.get(f"{waiting.path}review/"))
    assert "you approved" in page
    assert "“checked staging”" in page
    by_script = client.post(f"{waiting.path}review/", form, headers=HTMX)
    assert (by_script.status_code, by_script["HX-Redirect"]) == (204, waiting.path)


def test_an_outdated_digest_is_refused_in_words_beside_the_form_and_the_comment_stays(
    story: Story, waiting: Teller
) -> None:
    client = browser(story.people.bo)
    seen = digest_of(story, waiting)
    waiting.plan(image="v3")
    form = {"plan_digest": seen, "decision": "approve", "why": "checked <staging>"}
    answer = client.post(f"{waiting.path}review/", form)
    assert answer.status_code == 412
    page = answer.content.decode()
    assert "The plan changed since you looked; look at what is different and decide again." in page
    assert "checked &lt;staging&gt;</textarea>" in page
    assert "Different from what you looked at" in page
    assert approvals_of(story, waiting) == []
    beside = client.post(f"{waiting.path}review/", form, headers=HTMX)
    assert beside.status_code == 412
    assert words(beside) == (
        "The plan changed since you looked; look at what is different and decide again. "
        "See only what is different Your comment is kept."
    )


def test_a_page_that_shows_an_older_plan_says_what_changed_and_signs_nothing_else(
    story: Story, waiting: Teller
) -> None:
    client = browser(story.people.bo)
    seen = digest_of(story, waiting)
    quiet = client.get(f"{waiting.path}review/", {"part": "top", "plan": seen}, headers=HTMX)
    assert "changed since you looked" not in words(quiet)
    waiting.plan(image="v3")
    top = words(client.get(f"{waiting.path}review/", {"part": "top", "plan": seen}, headers=HTMX))
    assert "The plan changed since you looked. 4 objects differ from it." in top
    side = client.get(f"{waiting.path}review/", {"part": "side", "plan": seen}, headers=HTMX).content.decode()
    assert f'name="plan_digest" value="{seen}"' in side
    assert 'value="approve"' not in side
    assert "The plan changed; this one can no longer be decided on." in side


def test_since_shows_only_the_difference_between_the_two_plans(story: Story, waiting: Teller) -> None:
    client = browser(story.people.bo)
    seen = digest_of(story, waiting)
    waiting.plan(image="v3")
    page = client.get(f"{waiting.path}review/", {"since": seen}).content.decode()
    changed = page[page.index('id="review-changed"') : page.index('id="review-plan"')]
    assert "4 objects differ from it." in changed
    assert "frontend:<mark>v2</mark>" in changed
    assert "frontend:<mark>v3</mark>" in changed
    assert "<mark>v1</mark>" not in changed
    assert client.get(f"{waiting.path}review/", {"since": "sha256:never"}).status_code == 404


def test_who_asked_and_who_may_not_are_told_why_and_a_viewer_who_posts_is_refused(
    story: Story, waiting: Teller
) -> None:
    asked = browser(story.people.ana).get(f"{waiting.path}review/").content.decode()
    assert 'title="Who asked for a rollout does not approve it."' in asked
    assert "You asked for it, and who asks does not approve." in asked
    viewer = browser(story.people.vic)
    assert (
        'title="Your role (viewer) does not let you approve."'
        in viewer.get(f"{waiting.path}review/").content.decode()
    )
    form = {"plan_digest": digest_of(story, waiting), "decision": "approve"}
    assert viewer.post(f"{waiting.path}review/", form).status_code == 403
    assert approvals_of(story, waiting) == []


def also(space: str) -> list[PlannedObject]:
    return [
        PlannedObject(
            ObjectKey("", "Secret", space, "db"),
            Verb.CHANGE,
            (FieldChange("data.password", "hmac-sha256:aa", "hmac-sha256:bb"),),
        ),
        PlannedObject(ObjectKey("", "Service", space, "stranger"), Verb.REFUSE, refusal="it exists already"),
        *(
            PlannedObject(
                ObjectKey("", "ConfigMap", space, f"settings-{number}"),
                Verb.CHANGE,
                (FieldChange("data.color", "red", "blue"),),
            )
            for number in range(70)
        ),
    ]


def test_a_large_plan_is_shown_by_pages_and_by_sort(story: Story) -> None:
    story.live("v1", "production")
    rollout = story.start("v2", "production")
    rollout.plan(also=also)
    client = browser(story.people.bo)
    first = client.get(f"{rollout.path}review/").content.decode()
    assert first.count('<details class="change') + first.count('<div class="change') == 50
    assert "1–50 of 77" in first
    secrets = client.get(f"{rollout.path}review/", {"kind": "Secret"}).content.decode()
    assert secrets.count('<details class="change') == 1
    refused = words(client.get(f"{rollout.path}review/", {"verb": "refuse"}))
    assert "it exists already" in refused
    assert "Nothing is applied while this is refused." in refused
    on_rollout_page = words(client.get(rollout.path))
    assert "And 37 more objects: all of them in the review" in on_rollout_page


def test_a_review_asks_the_database_as_often_for_many_objects_as_for_few(story: Story, costs: Costs) -> None:
    story.live("v1", "production")
    rollout = story.start("v2", "production")
    client = browser(story.people.bo)
    for more in (None, also):
        rollout.plan(also=more)
        costs(client, "review", f"{rollout.path}review/")
        costs(client, "review-side", f"{rollout.path}review/?part=side", **{"HX-Request": "true"})
    key = next(item for item in also("boutique-production"))
    costs(client, "rollout-object", f"{rollout.path}object/?key={key.key}")


def test_a_whole_object_is_shown_on_demand_and_an_unknown_one_is_not(story: Story, waiting: Teller) -> None:
    client = browser(story.people.vic)
    page = client.get(f"{waiting.path}review/").content.decode()
    address = re.search(r'href="([^"]+/object/[^"]+)"', page)
    assert address is not None
    whole = client.get(address[1].replace("&amp;", "&"))
    assert whole.status_code == 200
    assert client.get(f"{waiting.path}object/", {"key": "Deployment.apps/x/none"}).status_code == 404
    assert "frontend" in words(client.get(f"{waiting.path}object/"))


def test_the_dialog_on_the_rollout_page_leads_to_the_review(story: Story, waiting: Teller) -> None:
    dialog = browser(story.people.bo).get(f"{waiting.path}approve/", headers=HTMX).content.decode()
    assert f'href="{waiting.path}review/"' in dialog


def test_a_decision_is_shown_with_what_it_was_about_also_when_the_plan_is_another_by_now(
    story: Story, waiting: Teller
) -> None:
    form = {"plan_digest": digest_of(story, waiting), "decision": "approve"}
    assert browser(story.people.bo).post(f"{waiting.path}review/", form).status_code == 302
    waiting.plan(image="v3")
    page = words(browser(story.people.bo).get(f"{waiting.path}review/"))
    assert "void: the plan changed since plan 1: 1 deleted, 4 changed, 1 unchanged" in page
