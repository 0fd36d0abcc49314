"""Environments: where they stand, in which order, and their pages."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core import scopes
from apps.core.problems import Conflict, Forbidden, Invalid, Outdated
from tests.dashboard.conftest import Costs
from tests.dashboard.reading import browser
from tests.e2e.story import Story
from tests.people import (
    People,
    actor,
    make_application,
    make_cluster,
    make_environment,
    make_environments,
    make_release,
)

MANIFESTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: b}
"""


@pytest.fixture
def ana(people: People) -> Any:
    return actor(people.ana, people.acme)


def order() -> list[tuple[str, int]]:
    from apps.environments.models import Environment

    return list(Environment.objects.order_by("position").values_list("slug", "position"))


def audited(action: str) -> list[Any]:
    import json

    from apps.audit.models import AuditEntry

    rows = AuditEntry.objects.filter(action=action).order_by("number")
    found = [json.loads(bytes(row.canonical)) for row in rows]
    return [(entry["before"], entry["after"]) for entry in found]


def test_moving_one_closes_the_order_up_and_is_audited_once(people: People, ana: Any) -> None:
    from apps.environments.services import move_environment

    environments = make_environments(ana, [make_cluster(ana)])
    with scopes.organization(people.acme.id):
        move_environment(ana, environments["production"], position=1)
        assert order() == [("production", 1), ("dev", 2), ("staging", 3)]
        move_environment(ana, environments["production"], position=1)  # where it is already
        assert audited("environment.move") == [
            (["dev", "staging", "production"], ["production", "dev", "staging"])
        ]
        with pytest.raises(Invalid, match="A place is 1 to 3"):
            move_environment(ana, environments["dev"], position=4)
        with pytest.raises(Forbidden):
            move_environment(actor(people.bo, people.acme), environments["dev"], position=1)
        assert order() == [("production", 1), ("dev", 2), ("staging", 3)]


def test_a_cluster_more_makes_a_target_for_every_application_and_starts_nothing(
    people: People, ana: Any
) -> None:
    from apps.environments.models import Target
    from apps.environments.services import add_cluster_to_environment
    from apps.rollouts.models import Rollout

    first, second = make_cluster(ana, slug="one"), make_cluster(ana, slug="two")
    dev = make_environments(ana, [first])["dev"]
    for slug in ("shop", "search"):
        make_release(ana, make_application(ana, slug=slug), "1.0", MANIFESTS)
    with scopes.organization(people.acme.id):
        changed = add_cluster_to_environment(ana, dev, second, seen=1)
        assert changed.revision == 2
        rows = Target.objects.filter(cluster_id=second.id).values_list("application__slug", "namespace")
        assert sorted(rows) == [("search", "search-dev"), ("shop", "shop-dev")]
        assert Rollout.objects.count() == 0
        assert audited("environment.add-cluster") == [({"clusters": ["one"]}, {"clusters": ["one", "two"]})]
        with pytest.raises(Conflict, match="dev stands on two already"):
            add_cluster_to_environment(ana, dev, second)
        with pytest.raises(Outdated, match="you have revision 1, it is at 2"):
            add_cluster_to_environment(ana, dev, first, seen=1)


def test_a_cluster_goes_only_when_nothing_is_live_or_under_way_there(people: People, ana: Any) -> None:
    from django.utils import timezone

    from apps.environments.access import targets_of
    from apps.environments.models import Target
    from apps.environments.services import add_cluster_to_environment, remove_cluster_from_environment
    from apps.rollouts.models import Rollout
    from apps.rollouts.services.starting import start_rollout

    first, second = make_cluster(ana, slug="one"), make_cluster(ana, slug="two")
    dev = make_environments(ana, [first])["dev"]
    shop = make_application(ana, slug="shop")
    release = make_release(ana, shop, "1.0", MANIFESTS)
    with scopes.organization(people.acme.id):
        with pytest.raises(Conflict, match="one is the only cluster of dev; add another first"):
            remove_cluster_from_environment(ana, dev, first)
        add_cluster_to_environment(ana, dev, second)
        target = Target.objects.select_related("application", "environment", "cluster").get(
            cluster_id=second.id
        )
        rollout = start_rollout(ana, target, release).rollout
        with pytest.raises(Conflict, match=f"rollout {rollout.number} of shop is under way in dev on two"):
            remove_cluster_from_environment(ana, dev, second)
        now = timezone.now()
        Rollout.objects.filter(id=rollout.id).update(phase="aborted", ended_at=now)
        Target.objects.filter(id=target.id).update(
            live_release_id=release.id, live_since=now, live_version="1.0"
        )
        with pytest.raises(Conflict, match="shop is live in dev on two; nothing was removed"):
            remove_cluster_from_environment(ana, dev, second)
        assert targets_of(ana).filter(environment_id=dev.id).count() == 2
        Target.objects.filter(id=target.id).update(live_release_id=None, live_since=None, live_version=None)
        remove_cluster_from_environment(ana, dev, second)
        assert [row.cluster.slug for row in targets_of(ana).filter(environment_id=dev.id)] == ["one"]
        with pytest.raises(Conflict, match="dev no longer stands on two"):
            start_rollout(ana, target, release)
        assert Rollout.objects.get(id=rollout.id).target_id == target.id  # the history stays
        add_cluster_to_environment(ana, dev, second)
        assert Target.objects.get(cluster_id=second.id, removed_at__isnull=True).id == target.id


def test_the_same_by_the_api(people: People, ana: Any, client: Any) -> None:
    make_environments(ana, [make_cluster(ana, slug="one")])
    make_cluster(ana, slug="two")
    client.force_login(people.ana)
    path = "/api/v1/organizations/acme/environments/"
    moved = client.post(f"{path}staging/move/", {"position": 1}, content_type="application/json")
    assert (moved.status_code, moved.json()["position"]) == (200, 1)
    assert [row["slug"] for row in client.get(path).json()["items"]] == ["staging", "dev", "production"]
    added = client.post(f"{path}dev/clusters/", {"cluster": "two"}, content_type="application/json")
    assert (added.status_code, added.json()["clusters"]) == (201, ["one", "two"])
    stale = client.delete(f"{path}dev/clusters/two/", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    gone = client.delete(f"{path}dev/clusters/two/")
    assert (gone.status_code, gone.json()["clusters"]) == (200, ["one"])
    last = client.delete(f"{path}dev/clusters/one/")
    assert (last.status_code, last.json()["detail"]) == (
        409,
        "one is the only cluster of dev; add another first.",
    )


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_page_says_what_is_live_what_waits_and_by_which_rules(story: Story) -> None:
    story.live("v1", "staging")
    story.live("v1", "production")
    story.start("v2", "production").plan()
    page = words(browser(story.people.vic).get("/o/acme/environments/production/"))
    assert "<h1>The one application is live in production; 1 rollout waits</h1>" in page
    assert "<li>What has succeeded in staging comes by itself.</li>" in page
    assert "<li>Then it waits for 1 approval; nobody approves their own.</li>" in page
    assert "<li>Whatever makes no progress for 10 min has failed and goes back by itself.</li>" in page
    assert 'title="boutique v1: healthy"' in page
    assert 'aria-disabled="true" title="Your role (viewer) does not let you' in page
    assert ">Edit</a>" in words(browser(story.people.ada).get("/o/acme/environments/production/"))


def test_who_may_is_said_by_role_and_by_grant(story: Story) -> None:
    from apps.dashboard.pictures.environment import environment_picture
    from apps.environments.services import grant
    from apps.organizations.choices import GrantedRight
    from apps.organizations.models import Membership

    ana = story.actor("ana")
    with scopes.organization(story.people.acme.id):
        vic = Membership.objects.select_related("user").get(user=story.people.vic)
        grant(ana, story.environments["production"], vic, GrantedRight.APPROVE)
        seen = {
            place: environment_picture(ana, story.environments[place], page="1", sought="")
            for place in ("dev", "production")
        }
    assert [(who.name, who.why) for who in seen["production"].deploy] == [
        ("Ana", "owner"),
        ("Bo", "releaser"),
    ]
    assert [(who.name, who.why) for who in seen["production"].approve] == [
        ("Ana", "owner"),
        ("Bo", "releaser"),
        ("Vic", "by a grant of Ana"),
    ]
    assert [who.name for who in seen["dev"].deploy] == ["Ana", "Bo", "Dee"]  # no approval is needed there


def test_the_order_is_changed_on_the_list_by_who_may(story: Story) -> None:
    ada, bo = browser(story.people.ada), browser(story.people.bo)
    page = words(ada.get("/o/acme/environments/"))
    assert 'aria-label="Move staging earlier"' in page
    assert 'aria-label="Move staging earlier"' not in words(bo.get("/o/acme/environments/"))
    asked = {"environment": "staging", "position": "1"}
    answer = ada.post("/o/acme/environments/", asked, headers={"HX-Request": "true"})
    assert "staging is now number 1 of 3." in words(answer)
    assert bo.post("/o/acme/environments/", asked).status_code == 403
    answer = ada.post("/o/acme/environments/", {"environment": "staging", "position": "-1"})
    assert answer.status_code == 409
    with scopes.organization(story.people.acme.id):
        assert order() == [("staging", 1), ("dev", 2), ("production", 3)]


def test_a_region_is_that_part_alone_and_equals_the_page(story: Story) -> None:
    import re

    story.live("v1", "dev")
    client = browser(story.people.bo)
    headers = {"HX-Request": "true"}
    for path, part in (("environments/dev/", "environment"), ("environments/", "environments")):
        region = words(client.get(f"/o/acme/{path}?part={part}", headers=headers))
        assert re.match(rf'<(div|section) id="{part}"', region.strip())
        whole = words(client.get(f"/o/acme/{path}"))
        assert re.sub(r'csrfmiddlewaretoken" value="\w+"', "", region).strip() in re.sub(
            r'csrfmiddlewaretoken" value="\w+"', "", whole
        )


def test_pages_cost_as_much_for_many_as_for_few(story: Story, costs: Costs) -> None:
    story.live("v1", "dev")
    story.start("v2", "dev")
    client = browser(story.people.ada)
    pages = {
        "environments": "/o/acme/environments/",
        "environment": "/o/acme/environments/dev/",
        "settings-environments": "/o/acme/settings/environments/",
        "settings-environment": "/o/acme/settings/environments/edit/dev/",
    }
    for name, url in pages.items():
        costs(client, name, url)
    ana = story.actor("ana")
    cluster = make_cluster(ana)
    for number in range(3):
        make_environment(ana, f"more-{number}", [cluster])
        story.boutique, story.releases = make_application(ana, slug=f"other-{number}"), {}
        story.live("v1", "dev")
        story.start("v2", "dev")
    for name, url in pages.items():
        costs(client, name, url)
