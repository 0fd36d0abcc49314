"""What every live page asks for again, and what it says of itself to the script that asks."""

from __future__ import annotations

import re

from tests.dashboard.conftest import Costs
from tests.dashboard.reading import let_in as browser
from tests.e2e.story import Story
from tests.people import make_application

HTMX = {"HX-Request": "true"}


def test_a_page_says_which_streams_it_follows_and_how_far_it_has_read(story: Story) -> None:
    from apps.audit.models import OrganizationHead
    from apps.core import scopes

    rollout = story.start("v1", "production")
    page = browser(story.people.vic).get(rollout.path).content.decode()
    with scopes.organization(story.people.acme.id):
        head = OrganizationHead.objects.get().activity_number
    assert 'data-live="/ws/organizations/acme/page/"' in page
    streams = re.search(r'data-streams="([^"]*)"', page)
    assert streams is not None
    assert streams[1].split() == [f"activity@{head}", f"rollout:{rollout.rollout_id}@1"]


def test_the_count_in_the_rail_is_each_persons_own(story: Story, costs: Costs) -> None:
    rollout = story.start("v1", "production")
    rollout.plan()
    bo, vic = browser(story.people.bo), browser(story.people.vic)
    assert ", waiting for you: </span>1</span>" in bo.get("/o/acme/waiting/count/").content.decode()
    assert " hidden>" in " ".join(vic.get("/o/acme/waiting/count/").content.decode().split())
    costs(bo, "waiting-count", "/o/acme/waiting/count/", **HTMX)


def test_the_list_of_applications_is_asked_for_alone_and_costs_the_same_for_many(
    story: Story, costs: Costs
) -> None:
    client = browser(story.people.vic)
    costs(client, "applications-list", "/o/acme/applications/?part=applications-list", **HTMX)
    for number in range(12):
        make_application(story.actor("ana"), slug=f"other-{number}")
    costs(client, "applications-list", "/o/acme/applications/?part=applications-list", **HTMX)
    answer = client.get("/o/acme/applications/?part=applications-list", headers=HTMX).content.decode()
    assert answer.lstrip().startswith('<section id="applications-list"')
    assert "<html" not in answer
    assert "other-11" in answer
