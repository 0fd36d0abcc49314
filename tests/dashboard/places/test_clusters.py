"""Clusters: whether they answer, what they have, and what an unanswered question looks like."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.core import scopes
from tests.clusters import Place
from tests.dashboard.conftest import Costs
from tests.dashboard.reading import browser
from tests.e2e.story import Story
from tests.people import NOBODY, People, actor, make_cluster, make_environment

on_the_sandbox = pytest.mark.parametrize("any_cluster", ["sandbox"], indirect=True)


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1500m", "1.5"),
        ("2", "2"),
        ("3Gi", str(3 * 1024**3)),
        ("64M", "64000000"),
        ("1e3", "1000"),
        ("128974848", "128974848"),
        ("lots", "0"),
        ("", "0"),
        ("NaN", "0"),
    ],
)
def test_quantities_are_read_as_kubernetes_writes_them(text: str, number: str) -> None:
    from apps.clusters.conversions import quantity

    assert quantity(text) == Decimal(number)


def test_a_pod_asks_for_its_containers_together_or_its_largest_first_one() -> None:
    from apps.clusters.conversions import Amount, requested_by

    def container(cpu: str, memory: str) -> dict[str, Any]:
        return {"resources": {"requests": {"cpu": cpu, "memory": memory}}}

    pod = {
        "spec": {
            "containers": [container("200m", "64Mi"), container("100m", "64Mi"), {}],
            "initContainers": [container("1", "16Mi")],
            "overhead": {"cpu": "10m"},
        },
        "status": {"phase": "Running"},
    }
    assert requested_by(pod) == Amount(1010, 128 * 1024**2, 1)
    assert requested_by({**pod, "status": {"phase": "Succeeded"}}) == Amount()


@on_the_sandbox
def test_a_cluster_that_answers_shows_its_version_its_nodes_and_what_is_asked_of_them(
    any_cluster: Place, story: Story, valkey: str
) -> None:
    from django.core.cache import cache

    cache.clear()
    ana = story.actor("ana")
    make_cluster(ana, Path(any_cluster.kubeconfig_path).read_text(), slug="sand")
    client = browser(story.people.vic)
    before = words(client.get("/o/acme/clusters/sand/"))
    assert "<h1>sand was not asked yet</h1>" in before
    answer = client.post("/o/acme/clusters/sand/check/", headers={"HX-Request": "true"})
    assert answer["HX-Trigger"] == "slipway:cluster-checked"
    page = words(answer)
    assert "<h1>sand answers; nothing is live on it yet</h1>" in page
    assert ">simulated</span>" in page
    assert "Autoscaling" in page
    shown = words(client.get("/o/acme/clusters/sand/capacity/", headers={"HX-Request": "true"}))
    assert "node is ready" in shown or "nodes are ready" in shown
    assert 'aria-label="CPU: ' in shown
    assert 'aria-label="Memory: ' in shown
    from apps.audit.models import Activity

    with scopes.organization(story.people.acme.id):
        feed = list(Activity.objects.order_by("number").values_list("kind", flat=True))
    assert feed[-1] == "cluster.reachable"


def test_a_cluster_that_does_not_answer_says_so_in_its_words_and_what_that_means(story: Story) -> None:
    ana = story.actor("ana")
    make_cluster(ana, NOBODY, slug="gone")
    client = browser(story.people.vic)
    assert client.post("/o/acme/clusters/gone/check/").status_code == 302
    page = words(client.get("/o/acme/clusters/gone/"))
    assert "<h1>gone does not answer</h1>" in page
    assert "<p>The connection is refused.</p>" in page
    assert "What runs there goes on running. Rollouts stand still, their deadlines too" in page
    shown = words(client.get("/o/acme/clusters/gone/capacity/", headers={"HX-Request": "true"}))
    assert "The connection is refused." in shown
    assert "<progress" not in shown


def test_credentials_that_may_not_see_nodes_are_said_and_nothing_is_invented(
    people: People, monkeypatch: pytest.MonkeyPatch, valkey: str
) -> None:
    from django.core.cache import cache

    from apps.clusters.services import capacity, capacity_of
    from apps.dashboard.pictures.cluster import capacity_picture
    from slipway.ports.clusters import Listing, Unauthorized

    cache.clear()
    node = {
        "metadata": {"name": "a"},
        "status": {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }

    class Partly:
        may = frozenset({"Node"})
        asked = 0

        def list(self, group: str, kind: str) -> Listing:
            self.asked += 1
            if kind not in self.may:
                raise Unauthorized(f"The cluster does not let us: {kind}", status=403)
            return Listing((node,), "1")

    partly = Partly()
    monkeypatch.setattr(capacity, "connect", lambda cluster: partly)
    cluster = make_cluster(actor(people.ana, people.acme))
    first = capacity_of(people.acme.id, cluster.id)
    assert first.pods_why_not == "These credentials may not list the pods of all namespaces."
    shown = capacity_picture(first)
    assert [bar.words for bar in shown.bars] == ["4 cores", "8 GiB", "110"]
    assert capacity_of(people.acme.id, cluster.id) == first
    assert partly.asked == 2  # the second was kept
    partly.may = frozenset()
    assert capacity_of(people.acme.id, cluster.id, fresh=True).why_not == (
        "These credentials may not list nodes, so there is no capacity to show."
    )


def test_no_page_shows_a_credential(story: Story) -> None:
    secret = "a-very-secret-token"
    make_cluster(story.actor("ana"), NOBODY.replace("token: nothing", f"token: {secret}"), slug="main")
    client = browser(story.people.ana)
    paths = ("clusters/", "clusters/main/", "settings/clusters/", "settings/clusters/edit/main/")
    assert all(secret.encode() not in client.get(f"/o/acme/{path}").content for path in paths)


def test_a_cluster_is_added_by_its_kubeconfig_and_mistakes_stand_beside_their_fields(story: Story) -> None:
    from apps.clusters.models import Cluster

    client = browser(story.people.ada)
    path = "/o/acme/settings/clusters/new/"
    wrong = client.post(path, {"slug": "Main!", "name": "Main", "kubeconfig": NOBODY})
    assert wrong.status_code == 422
    page = words(wrong)
    assert 'id="field-slug-error">“Main!” is no short name' in page
    assert 'value="Main!"' in page
    assert "nothing" not in page.partition('id="field-kubeconfig"')[2].partition("</textarea>")[0]
    bad = words(client.post(path, {"slug": "main", "kubeconfig": "a: b"}))
    assert 'id="field-kubeconfig-error"' in bad
    made = client.post(path, {"slug": "main", "name": "", "kubeconfig": NOBODY})
    assert (made.status_code, made["Location"]) == (302, "/o/acme/clusters/main/")
    again = client.post(path, {"slug": "main", "kubeconfig": NOBODY})
    assert again.status_code == 409
    assert "There is a cluster called main already." in words(again)
    with scopes.organization(story.people.acme.id):
        row = Cluster.objects.get(slug="main")
    assert row.reachability == "unreachable"  # it was asked as soon as it was there
    assert browser(story.people.bo).post(path, {"slug": "x", "kubeconfig": NOBODY}).status_code == 403


def test_other_credentials_take_the_place_of_the_old_and_a_second_hand_is_told(story: Story) -> None:
    from apps.clusters.models import Cluster

    make_cluster(story.actor("ana"), NOBODY, slug="main")
    client = browser(story.people.ada)
    path = "/o/acme/settings/clusters/edit/main/"
    other = NOBODY.replace("127.0.0.1:1", "127.0.0.1:2")
    answer = client.post(
        path, {"kubeconfig": other, "context": "", "revision": "1"}, headers={"HX-Request": "true"}
    )
    assert answer["HX-Redirect"] == "/o/acme/clusters/main/"
    late = client.post(path, {"kubeconfig": NOBODY, "context": "", "revision": "1"})
    assert late.status_code == 412
    assert "save again to put yours in their place" in words(late)
    assert 'name="revision" value="2"' in words(late)
    with scopes.organization(story.people.acme.id):
        assert Cluster.objects.get(slug="main").server == "https://127.0.0.1:2"


def test_pages_cost_as_much_for_many_as_for_few(story: Story, costs: Costs) -> None:
    from tests.people import make_application

    story.live("v1", "dev")
    client = browser(story.people.ada)
    pages = {
        "clusters": "/o/acme/clusters/",
        "cluster": "/o/acme/clusters/harbour/",
        "settings-clusters": "/o/acme/settings/clusters/",
    }
    for name, url in pages.items():
        costs(client, name, url)
    ana = story.actor("ana")
    for number in range(3):
        make_environment(ana, f"more-{number}", [make_cluster(ana)])
        story.boutique, story.releases = make_application(ana, slug=f"other-{number}"), {}
        story.live("v1", "dev")
    for name, url in pages.items():
        costs(client, name, url)
