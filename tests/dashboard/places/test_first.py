"""From nothing to a rollout: what is written is checked with its line, and everything is made at once or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.dashboard.reading import browser, key_in, words
from tests.people import NOBODY, People, actor, make_cluster, make_environments

FIRST = "/o/acme/first/"
GOOD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: server, image: "registry.example/web:1"}]}
"""
FORM = {"name": "My Shop", "version": "1.0", "text": GOOD.replace("\n", "\r\n")}
HX = {"HX-Request": "true"}


@pytest.fixture
def acme(transactional_database: str, people: People) -> People:
    return people


def counted(people: People) -> dict[str, int]:
    from apps.applications.models import Application
    from apps.core import scopes
    from apps.environments.models import Environment
    from apps.releases.models import Release
    from apps.rollouts.models import Rollout

    with scopes.organization(people.acme.id):
        return {
            model.__name__: model.objects.count() for model in (Application, Environment, Release, Rollout)
        }


NOTHING = {"Application": 0, "Environment": 0, "Release": 0, "Rollout": 0}


def test_what_is_written_is_listed_and_the_first_mistake_said_with_its_line(acme: People) -> None:
    client = browser(acme.ana)
    text = words(client.post(FIRST, {**FORM, "do": "check"}, headers=HX).content)
    assert text.startswith("What it holds 1 object, 1 image Deployment web registry.example/web:1")
    assert "slipway releases create my-shop 1.0 app.yaml" in text
    broken = GOOD.replace("spec:\n  selector", "spec:\n selector: [\n  x")
    answer = client.post(FIRST, {**FORM, "text": broken, "do": "check"}, headers=HX)
    assert answer.status_code == 200
    assert "line 7, column 3 Show it" in words(answer.content)


def test_without_a_cluster_one_is_asked_for_and_what_was_written_stays(acme: People) -> None:
    client = browser(acme.ana)
    page = client.post(FIRST, {**FORM, "do": "next"})
    text = words(page.content)
    assert "A cluster to run on" in text
    assert "slipway clusters add sandbox --kubeconfig var/slipway/sandbox/kubeconfig" in text
    refused = client.post(FIRST, {**FORM, "do": "cluster", "kubeconfig": "nonsense"})
    assert refused.status_code == 422
    assert "Nothing was made; what you wrote is still here." in words(refused.content)
    assert "registry.example/web:1" in refused.content.decode()
    added = client.post(FIRST, {**FORM, "do": "cluster", "kubeconfig": NOBODY, "cluster_name": "main"})
    text = words(added.content)
    assert "Make all of it and roll it out" in text
    assert "main does not answer:" in text
    assert "nothing}" not in added.content.decode()  # the kubeconfig is not shown again


def test_environments_application_release_and_rollout_are_made_in_one_press(acme: People) -> None:
    from apps.core import scopes
    from apps.environments.models import Environment
    from apps.rollouts.models import Rollout

    make_cluster(actor(acme.ana, acme.acme), slug="main")
    client = browser(acme.ana)
    page = client.post(FIRST, {**FORM, "do": "next"})
    form = {
        **FORM,
        "do": "start",
        "key": key_in(page.content),
        "make": ["dev", "staging", "production"],
        "cluster": "main",
    }
    answers = [client.post(FIRST, form) for _ in range(2)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, "/o/acme/rollouts/1/")
    ] * 2
    assert counted(acme) == {"Application": 1, "Environment": 3, "Release": 1, "Rollout": 1}
    with scopes.organization(acme.acme.id):
        made = list(Environment.objects.values_list("slug", "delivery_mode", "approvals_needed"))
        row = Rollout.objects.select_related("application", "environment", "release").get()
    assert made == [("dev", "auto", 0), ("staging", "auto", 0), ("production", "approve", 1)]
    assert (row.application.slug, row.application.name) == ("my-shop", "My Shop")
    assert (row.environment.slug, row.release.version) == ("dev", "1.0")


def test_a_refusal_at_the_end_leaves_nothing_behind(acme: People) -> None:
    make_cluster(actor(acme.ana, acme.acme), slug="main")
    client = browser(acme.ana)
    form: dict[str, Any] = {**FORM, "do": "start", "key": "k", "make": ["dev"], "cluster": "main"}
    answer = client.post(FIRST, {**form, "version": "not a version"})
    assert answer.status_code == 422
    assert "A version is 1 to 120 visible characters without spaces." in words(answer.content)
    assert counted(acme) == NOTHING
    assert client.post(FIRST, {**form, "cluster": "elsewhere"}).status_code == 404
    assert counted(acme) == NOTHING
    assert client.post(FIRST, form).status_code == 302


def test_where_environments_are_there_one_is_chosen(acme: People) -> None:
    from apps.core import scopes
    from apps.rollouts.models import Rollout

    ana = actor(acme.ana, acme.acme)
    make_environments(ana, [make_cluster(ana, slug="main")])
    client = browser(acme.ana)
    page = client.post(FIRST, {**FORM, "do": "next"})
    assert "Its first rollout" in words(page.content)
    form = {**FORM, "do": "start", "key": key_in(page.content), "where": "staging"}
    assert client.post(FIRST, form)["Location"] == "/o/acme/rollouts/1/"
    with scopes.organization(acme.acme.id):
        assert Rollout.objects.get().environment.slug == "staging"


def test_files_are_taken_in_and_named_in_what_is_wrong(acme: People) -> None:
    client = browser(acme.ana)
    good = SimpleUploadedFile("web.yaml", GOOD.encode())
    bad = SimpleUploadedFile("bad.yaml", b"a: [1\n")
    answer = client.post(FIRST, {"name": "shop", "version": "1", "do": "next", "files": [good, bad]})
    text = words(answer.content)
    assert answer.status_code == 422
    assert "The manifests cannot be read yet; what is wrong is said beside them." in text
    assert "bad.yaml, line 2, column 1 Show it" in text
    assert "registry.example/web:1" in answer.content.decode()
    other = client.post(FIRST, {"name": "s", "do": "next", "files": [SimpleUploadedFile("a.txt", b"x")]})
    assert "“a.txt” does not end with .yaml, .yml or .json." in words(other.content)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": "…"}, "Give it a name with at least one letter or digit."),
        ({"text": ""}, "Paste at least one manifest, or choose files."),
    ],
)
def test_what_is_missing_is_said_and_the_rest_kept(acme: People, form: dict[str, str], sentence: str) -> None:
    answer = browser(acme.ana).post(FIRST, {**FORM, **form, "do": "next"})
    assert answer.status_code == 422
    assert sentence in words(answer.content)


def test_who_lacks_a_right_is_told_before_anything_is_written(acme: People) -> None:
    for name, why in (
        ("vic", "Your role (viewer) does not let you change applications, environments and clusters."),
        ("ada", "Your role (admin) does not let you make a release."),
    ):
        client = browser(getattr(acme, name))
        assert why in words(client.get(FIRST).content)
    assert browser(acme.vic).post(FIRST, {**FORM, "do": "next"}).status_code == 403
    assert counted(acme) == NOTHING
