"""The page of activity: sentences a person would say, the noise of one rollout folded, pages that nothing shifts."""

from __future__ import annotations

import re

from django.test import Client

from apps.core import scopes
from tests.e2e.story import Story
from tests.people import PASSWORD


def page(story: Story, query: str = "", *, name: str = "vic", **headers: str) -> str:
    client = Client()
    assert client.login(email=getattr(story.people, name).email, password=PASSWORD)
    answer = client.get(f"/o/acme/activity/?{query}", headers=headers)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def lines(content: str) -> list[str]:
    """What each line says, without its folded past."""
    content = re.sub(r"<details.*?</details>", "", content)
    found = re.findall(r'<li id="activity-\d+">(.*?)</li>', content)
    plain = []
    for line in found:
        text = re.sub(r'<time.*?</time>|<span class="unseen">.*?</span>', "", line)
        plain.append(" ".join(re.sub(r"<[^>]+>", "", text).split()))
    return plain


def test_lines_read_as_somebody_would_say_them(story: Story) -> None:
    from apps.approvals.services import decide
    from apps.rollouts.models import Rollout

    story.live("v1", "production")
    second = story.start("v2", "production")
    second.plan()
    with scopes.organization(story.people.acme.id):
        digest = Rollout.objects.get(id=second.rollout_id).plan_digest
        bo = story.actor("bo")
        decide(bo, second.rollout_id, plan_digest=digest, approved=True, comment="checked staging")
    second.begin()
    second.fail("Deployment adservice: its pods crash: exit 137, out of memory.")
    assert lines(page(story))[:5] == [
        "boutique v2 failed on production: Deployment adservice: its pods crash: exit 137, out of memory",
        "Bo approved boutique v2 for production: “checked staging”",
        "Dee released boutique v2 with 2 commits",
        "boutique v1 is healthy on production",
        "Dee released boutique v1 with 2 commits",
    ]


def test_the_phases_of_one_rollout_are_one_line_that_opens(story: Story) -> None:
    story.live("v1", "dev")
    content = page(story)
    assert len(re.findall(r"is healthy on dev", content)) == 1
    folded = re.search(r"<details id=\"earlier-1-\d+\".*?</details>", content)
    assert folded is not None
    assert "<summary>3 before</summary>" in folded[0]
    assert "is going to dev" in folded[0]
    assert "Ana asked for boutique v1 on dev" in folded[0]


def test_filters_stand_in_the_address_and_narrow_what_is_shown(story: Story) -> None:
    story.live("v1", "dev")
    story.start("v1", "staging", by="bo").plan()
    dee, bo = story.people.dee.pk, story.people.bo.pk
    said = {
        query: lines(page(story, query))
        for query in (
            "kind=releases",
            f"person={dee}",
            f"person={bo}&kind=rollouts",
            "environment=staging",
            "application=nothing",
            "kind=decisions",
            "environment=dev&kind=rollouts",
        )
    }
    assert said == {
        "kind=releases": ["Dee released boutique v1 with 2 commits"],
        f"person={dee}": ["Dee released boutique v1 with 2 commits"],
        f"person={bo}&kind=rollouts": ["Bo asked for boutique v1 on staging"],
        "environment=staging": [
            "boutique v1 waits to go to staging: 4 created; 1 unchanged",
            "Ana created the environment staging",
        ],
        "application=nothing": [],
        "kind=decisions": [],
        "environment=dev&kind=rollouts": ["boutique v1 is healthy on dev"],
    }
    assert "Nothing like that has happened." in page(story, "kind=decisions")
    assert lines(page(story, "kind=nonsense&person=nobody&before=x")) == lines(page(story))


def test_pages_go_by_number_so_that_what_comes_meanwhile_shifts_nothing(story: Story) -> None:
    from apps.audit.services import Happening, record

    by = story.actor("ana").by

    def happen(count: int) -> None:
        with scopes.organization(story.people.acme.id):
            record(
                by, happenings=[Happening("release.created", body={"label": f"x v{n}"}) for n in range(count)]
            )

    happen(250)
    first = page(story)
    older = re.search(r'href="\?(before=\d+)">Older', first)
    assert older is not None
    happen(3)
    second = page(story, older[1])
    numbers = [
        int(number) for content in (first, second) for number in re.findall(r'id="activity-(\d+)"', content)
    ]
    assert numbers == list(range(numbers[0], numbers[0] - 240, -1))
    assert 'data-region="activity"' in first.split("activity-feed")[1][:200]
    assert 'data-region=""' in second.split("activity-feed")[1][:200]
    assert "Newest</a>" in second


def test_a_part_is_the_section_alone(story: Story) -> None:
    story.live("v1", "dev")
    part = page(story, "part=feed&kind=releases", **{"HX-Request": "true"})
    assert part.strip().startswith('<section id="activity-feed"')
    assert "<h1>" not in part
    assert lines(part) == ["Dee released boutique v1 with 2 commits"]
