"""The inbox of decisions: what waits for me, several at once, and each of them by itself."""

from __future__ import annotations

import re
from typing import Any

from tests.dashboard.conftest import Costs
from tests.dashboard.reading import let_in as browser
from tests.e2e.story import Story, Teller
from tests.people import make_application

HTMX = {"HX-Request": "true"}
INBOX = "/o/acme/approvals/"


def words(answer: Any) -> str:
    text = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(text.replace("&quot;", '"').replace("&#x27;", "'").split())


def ask(story: Story, *names: str, by: str = "ana") -> list[Teller]:
    """One plan that waits for production's approval for each application."""
    found = []
    for name in names:
        story.boutique, story.releases = make_application(story.actor("ana"), slug=name, name=name), {}
        rollout = story.start("v1", "production", by=by)
        rollout.plan()
        found.append(rollout)
    return found


def item(story: Story, rollout: Teller) -> str:
    from apps.core import scopes
    from apps.rollouts.models import Rollout

    with scopes.organization(story.people.acme.id):
        return f"{rollout.number}:{Rollout.objects.get(id=rollout.rollout_id).plan_digest}"


def decided(story: Story) -> list[tuple[int, str, bool, str]]:
    from apps.approvals.models import Approval
    from apps.core import scopes

    with scopes.organization(story.people.acme.id):
        rows = Approval.objects.select_related("rollout").order_by("rollout__number", "decided_at")
        return [(row.rollout.number, row.person_label, row.approved, row.comment) for row in rows]


def test_the_inbox_lists_what_waits_for_me_and_shows_the_first_beside_it(story: Story) -> None:
    ask(story, "billing", "search")
    page = words(browser(story.people.bo).get(INBOX))
    assert "2 plans wait for you" in page
    assert "Review billing v1 → production" in page
    assert "4 objects change, none deleted · asked for by Ana" in page
    assert "billing v1 → production waits for you Open the review" in page


def test_what_i_asked_for_waits_for_others_and_says_whom(story: Story) -> None:
    ask(story, "billing")
    client = browser(story.people.ana)
    assert "Nothing waits for you" in words(client.get(INBOX))
    asked = words(client.get(INBOX, {"show": "asked"}))
    assert "billing v1 → production" in asked
    assert "waits for a releaser, an owner or somebody granted to approve here (not Ana, Dee)" in asked


def test_two_of_three_are_approved_and_the_third_whose_plan_changed_is_untouched(story: Story) -> None:
    one, two, three = ask(story, "billing", "search", "shop")
    chosen = [item(story, rollout) for rollout in (one, two, three)]
    two.plan(image="v2")
    client = browser(story.people.bo)
    form = {"item": chosen, "decision": "approve", "why": "all three looked at"}
    answer = client.post(INBOX, form, headers=HTMX)
    assert answer.status_code == 200
    assert answer["HX-Trigger-After-Settle"] == "slipway:partly-decided"
    page = words(answer)
    assert "2 of 3 approved; nothing of the others was done." in page
    assert f"billing v1 → production: approved. Rollout {one.number}" in page
    assert (
        "search v1 → production: the plan changed since you looked; look at what is different and decide again."
        in page
    )
    assert decided(story) == [
        (one.number, "Bo", True, "all three looked at"),
        (three.number, "Bo", True, "all three looked at"),
    ]


def test_all_chosen_are_rejected_and_the_list_is_empty_then(story: Story) -> None:
    rollouts = ask(story, "billing", "search")
    form = {"item": [item(story, rollout) for rollout in rollouts], "decision": "reject", "why": "not today"}
    page = words(browser(story.people.bo).post(INBOX, form))
    assert "2 plans rejected." in page
    assert "Nothing waits for you" in page
    assert [line[1:] for line in decided(story)] == [("Bo", False, "not today")] * 2


def test_what_somebody_may_not_approve_is_refused_by_itself_and_written_down(story: Story) -> None:
    from apps.audit.models import AuditEntry
    from apps.core import scopes

    (mine,) = ask(story, "billing", by="bo")
    (other,) = ask(story, "search")
    form = {"item": [item(story, mine), item(story, other)], "decision": "approve"}
    page = words(browser(story.people.bo).post(INBOX, form))
    assert "billing v1 → production: who asked for a rollout does not approve it." in page
    assert "search v1 → production: approved." in page
    assert [line[:2] for line in decided(story)] == [(other.number, "Bo")]
    with scopes.organization(story.people.acme.id):
        refused = AuditEntry.objects.filter(action="access.refused").get()
    assert (refused.actor_label, refused.object_label) == ("Bo", "POST /o/acme/approvals/")


def test_choosing_nothing_or_nonsense_decides_nothing(story: Story) -> None:
    ask(story, "billing")
    client = browser(story.people.bo)
    assert client.post(INBOX, {"decision": "approve"}).status_code == 422
    assert client.post(INBOX, {"decision": "approve", "item": "1"}).status_code == 422
    assert client.post(INBOX, {"decision": "maybe", "item": "1:x"}).status_code == 422
    assert client.get(INBOX, {"show": "all"}).status_code == 404
    assert decided(story) == []


def test_a_rollout_of_somebody_elses_organization_is_decided_by_nobody_here(story: Story) -> None:
    (rollout,) = ask(story, "billing")
    chosen = item(story, rollout)
    page = words(
        browser(story.people.gil).post("/o/globex/approvals/", {"item": chosen, "decision": "approve"})
    )
    assert f"Rollout {rollout.number}: there is no such rollout." in page
    assert browser(story.people.gil).get(INBOX).status_code == 404
    assert decided(story) == []


def test_another_plan_is_another_box_so_that_a_choice_is_never_about_something_else(story: Story) -> None:
    (one, _) = ask(story, "billing", "search")
    client = browser(story.people.bo)
    box = re.compile(rf'id="(pick-{one.number}-[^"]+)"')
    before = box.search(client.get(INBOX).content.decode())
    one.plan(image="v2")
    after = box.search(client.get(INBOX).content.decode())
    assert before is not None
    assert after is not None
    assert before[1] != after[1]


def test_decisions_are_listed_lately_with_what_became_of_the_rollout(story: Story) -> None:
    one, two = ask(story, "billing", "search")
    client = browser(story.people.bo)
    client.post(INBOX, {"item": item(story, one), "decision": "approve", "why": "checked staging"})
    client.post(INBOX, {"item": item(story, two), "decision": "approve"})
    two.plan(image="v2")
    page = words(browser(story.people.vic).get(INBOX, {"show": "decided"}))
    assert "Bo approved it; the rollout is waiting “checked staging”" in page
    assert "Bo approved it; void: the plan changed since" in page


def test_the_list_is_narrowed_by_application_and_environment(story: Story) -> None:
    ask(story, "billing", "search")
    client = browser(story.people.bo)
    page = words(client.get(INBOX, {"name": "bill"}))
    assert "Review billing v1" in page
    assert "Review search v1" not in page
    assert "None of these is for such an application and environment." in words(
        client.get(INBOX, {"environment": "dev"})
    )


def test_the_rail_counts_what_waits_for_a_decision(story: Story) -> None:
    ask(story, "billing", "search")
    page = " ".join(browser(story.people.bo).get("/o/acme/rollouts/").content.decode().split())
    assert ", waiting for you: </span>2</span>" in page
    assert 'href="/o/acme/approvals/"' in page


def test_the_inbox_asks_the_database_as_often_for_many_as_for_one(story: Story, costs: Costs) -> None:
    client, asker = browser(story.people.bo), browser(story.people.ana)
    ask(story, "one")
    for more in ((), tuple(f"app-{number}" for number in range(8))):
        for rollout in ask(story, *more)[:4]:
            client.post(INBOX, {"item": item(story, rollout), "decision": "approve"})
        costs(client, "approvals", INBOX)
        costs(asker, "approvals-asked", f"{INBOX}?show=asked")
    costs(client, "approvals-decided", f"{INBOX}?show=decided")
