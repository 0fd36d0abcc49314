"""What people send wrong: the status, the sentence, and that nothing was written."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.core import scopes
from tests.api.conftest import MANIFESTS
from tests.api.speaking import Answer, Api
from tests.people import People

RELEASES = "applications/shop/releases/"


def _rows(people: People) -> dict[str, int]:
    """Of every table that a request could write; the application's number too, which is taken under its lock."""
    from apps.applications.models import Application
    from apps.approvals.models import Approval
    from apps.audit.models import Activity, AuditEntry
    from apps.clusters.models import Cluster
    from apps.core.models import OutboxMessage
    from apps.environments.models import Environment
    from apps.releases.models import Artifact, Release, RenderedSet
    from apps.rollouts.models import Rollout

    models = (
        *(Application, Approval, Activity, AuditEntry, Cluster, Environment, OutboxMessage),
        *(Artifact, Release, RenderedSet, Rollout),
    )
    with scopes.organization(people.acme.id):
        found = {model.__name__: model.objects.count() for model in models}
        found["numbers"] = sum(Application.objects.values_list("release_number", flat=True))
        found["revisions"] = sum(
            sum(model.objects.values_list("revision", flat=True))
            for model in (Application, Environment, Cluster)
        )
    return found


@pytest.fixture
def unchanged(shop: Api, people: People) -> Iterator[None]:
    before = _rows(people)
    yield
    assert _rows(people) == before


def _release(shop: Api, manifests: str, version: str = "2.0", **more: Any) -> Answer:
    return shop.post(RELEASES, {"version": version, "manifests": manifests, **more})


def _archive(**files: str) -> str:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return base64.b64encode(buffer.getvalue()).decode()


CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
_RUNS_A_COMMAND = """
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: c, user: {exec: {apiVersion: v1, command: sh}}}]
contexts: [{name: c, context: {cluster: c, user: c}}]
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8)
)


@pytest.mark.parametrize(
    ("manifests", "said"),
    [
        ("kind: ConfigMap\n  apiVersion: v1\n", ["manifests.yaml", "line 2", "column"]),
        ("a: [1, 2\n", ["manifests.yaml", "line 2"]),
        ("- 1\n- 2\n", ["manifests.yaml"]),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", ["name"]),
        ("kind: ConfigMap\nmetadata: {name: a}\n", ["apiVersion"]),
        (f"{CONFIG_MAP}---\n{CONFIG_MAP}", ["ConfigMap", "twice"]),
        (BOMB, ["manifests.yaml"]),
        ("a: &a [*a]\n", ["manifests.yaml"]),
        ("# nothing\n", ["no objects"]),
    ],
    ids=[
        "indented wrong",
        "never closed",
        "a list",
        "no name",
        "no version",
        "two with one identity",
        "an alias bomb",
        "an alias to itself",
        "nothing in it",
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a_bundle_that_cannot_be_read_is_refused_with_its_place(
    shop: Api, manifests: str, said: list[str]
) -> None:
    answer = _release(shop, manifests)
    assert answer.status == 422
    for words in said:
        assert words in answer.sentence, answer.sentence
    assert list(answer.body["fields"]) == ["bundle"]


@pytest.mark.usefixtures("unchanged")
def test_a_mistake_is_reported_under_the_name_that_the_caller_gave_the_text(shop: Api) -> None:
    text = "kind: ConfigMap\n  apiVersion: v1\n"
    answer = shop.post(RELEASES, {"version": "2.0", "manifests": text, "manifests_name": "k8s/app.yaml"})
    assert answer.status == 422
    assert answer.sentence.startswith("k8s/app.yaml, line 2, column ")
    assert (answer.body["file"], answer.body["line"]) == ("k8s/app.yaml", 2)


def test_the_name_that_the_text_is_given_is_no_part_of_the_release(shop: Api) -> None:
    body = {"version": "2.0", "manifests": CONFIG_MAP}
    assert shop.post(RELEASES, {**body, "manifests_name": "a.yaml"}).status == 201
    assert shop.post(RELEASES, {**body, "manifests_name": "b.yaml"}).status == 200


@pytest.mark.usefixtures("unchanged")
def test_a_bundle_of_more_than_five_megabytes_is_refused(shop: Api) -> None:
    text = f"{CONFIG_MAP}data:\n  a: " + "x" * (5 * 1024 * 1024)
    answer = _release(shop, text)
    assert answer.status == 413
    assert answer.sentence == f"The bundle has {len(text):,} bytes; at most 5,242,880 are taken."
    packed = shop.post(RELEASES, {"version": "2.0", "archive": _archive(a__yaml=text)})
    assert packed.status == 422
    assert "more than 5,242,880 bytes" in packed.sentence


@pytest.mark.usefixtures("unchanged")
def test_a_body_that_is_larger_than_any_bundle_is_not_even_read(shop: Api) -> None:
    answer = shop.post(RELEASES, '{"version": "' + "x" * (12 * 1024 * 1024) + '"}')
    assert answer.status == 413
    assert answer.sentence.endswith("bytes; at most 12,582,912 are taken.")


@pytest.mark.parametrize(
    ("archive", "sentence"),
    [
        ("not base64!", "The archive is no base64."),
        (_archive(**{"..__up.yaml": CONFIG_MAP}), None),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_an_archive_that_is_none_or_leaves_its_folder_is_refused(
    shop: Api, archive: str, sentence: str | None
) -> None:
    answer = shop.post(RELEASES, {"version": "2.0", "archive": archive})
    assert answer.status == 422
    assert sentence is None or answer.sentence == sentence


@pytest.mark.usefixtures("unchanged")
def test_manifests_or_an_archive_and_not_both(shop: Api) -> None:
    for body in ({}, {"manifests": MANIFESTS, "archive": _archive(a=CONFIG_MAP)}):
        answer = shop.post(RELEASES, {"version": "2.0", **body})
        assert (answer.status, answer.sentence) == (422, "Send either manifests or an archive.")


@pytest.mark.parametrize("version", ["", " ", "a b", "v\t1", "x" * 121])
@pytest.mark.usefixtures("unchanged")
def test_a_version_that_is_none_is_refused_beside_its_field(shop: Api, version: str) -> None:
    answer = _release(shop, MANIFESTS, version)
    assert answer.status == 422
    assert list(answer.body["fields"]) == ["version"]


@pytest.mark.usefixtures("unchanged")
def test_the_same_release_twice_is_the_first_one_and_other_content_is_refused(shop: Api) -> None:
    same = _release(shop, MANIFESTS.replace("VERSION", "1.0"), "1.0")
    # The bundle's file has another name here than the fixture's, hence another release.
    assert same.status == 409
    assert same.sentence == ("shop has a release 1.0 already, with other content. A release never changes.")


def test_a_release_that_is_there_is_answered_200(shop: Api, people: People) -> None:
    first = _release(shop, MANIFESTS)
    before = _rows(people)
    again = _release(shop, MANIFESTS)
    assert (first.status, again.status) == (201, 200)
    assert first.body == again.body
    assert _rows(people) == before


@pytest.mark.parametrize(
    ("commit", "field"),
    [
        ({"sha": "abc123"}, "commits.0.sha"),
        ({"sha": "a" * 40, "authored_at": "2026-11-23T14:05:00"}, "commits.0.authored_at"),
        ({"sha": "a" * 40, "committed_at": "yesterday"}, "commits.0.committed_at"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a_commit_with_half_a_hash_or_a_moment_without_offset_is_refused(
    shop: Api, commit: dict[str, str], field: str
) -> None:
    answer = _release(shop, MANIFESTS, commits=[commit])
    assert (answer.status, list(answer.body["fields"])) == (422, [field])


@pytest.mark.parametrize(
    ("kubeconfig", "said"),
    [
        ("not: a kubeconfig", ""),
        ("a: [", ""),
        (
            _RUNS_A_COMMAND,
            "exec",
        ),
    ],
    ids=["something else", "no YAML", "one that wants to run a command"],
)
@pytest.mark.usefixtures("unchanged")
def test_a_kubeconfig_that_cannot_be_used_is_refused_in_words(shop: Api, kubeconfig: str, said: str) -> None:
    answer = shop.post("clusters/", {"slug": "two", "kubeconfig": kubeconfig})
    assert answer.status == 422
    assert list(answer.body["fields"]) == ["kubeconfig"]
    assert said in answer.sentence


@pytest.mark.parametrize("path", ["applications/shop/", "environments/dev/", "clusters/main/"])
def test_a_change_made_from_an_old_revision_is_refused(shop: Api, people: People, path: str) -> None:
    from tests.people import NOBODY

    body = {"kubeconfig": NOBODY} if path.startswith("clusters") else {"name": "First"}
    seen = shop.get(path).headers["ETag"]
    assert seen == '"1"'
    first = shop.patch(path, body, If_Match=seen)
    assert (first.status, first.headers["ETag"], first.body["revision"]) == (200, '"2"', 2)
    before = _rows(people)
    second = shop.patch(path, {**body, "name": "Second"}, If_Match=seen)
    assert second.status == 412
    assert second.sentence == "It was changed since you read it: you have revision 1, it is at 2."
    assert _rows(people) == before
    assert shop.patch(path, body, If_Match='W/"2"').status == 200
    assert shop.patch(path, body, If_Match="*").status == 200
    assert shop.patch(path, body).status == 200
    assert shop.patch(path, body, If_Match="newest").status == 422


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("rollouts/", {"cursor": "nonsense"}, "cursor"),
        ("rollouts/", {"cursor": base64.urlsafe_b64encode(b'["x"]').decode()}, "cursor"),
        (
            "rollouts/",
            {"cursor": base64.urlsafe_b64encode(json.dumps(["9" * 40]).encode()).decode()},
            "cursor",
        ),
        (
            "members/",
            {"cursor": base64.urlsafe_b64encode(b'["2026-11-23T10:00:00", "x"]').decode()},
            "cursor",
        ),
        ("applications/", {"cursor": base64.urlsafe_b64encode(b'["\\u0000"]').decode()}, "cursor"),
        ("rollouts/", {"cursor": base64.urlsafe_b64encode(b"[" * 3000).decode()[:400]}, "cursor"),
        ("rollouts/", {"limit": "0"}, "limit"),
        ("rollouts/", {"limit": "201"}, "limit"),
        ("rollouts/", {"limit": "many"}, "limit"),
        ("rollouts/", {"phase": "flying"}, "phase"),
        ("rollouts/", {"target": "7"}, "target"),
        ("rollouts/", {"enviroment": "dev"}, "enviroment"),
        ("targets/", {"at": "2026-11-23T14:05:00"}, "at"),
        ("targets/", {"at": "2026-11-23"}, "at"),
        ("targets/", {"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ("targets/", {"release": "1.0"}, "release"),
        ("activity/", {"since": "2026-11-23T14:05:00"}, "since"),
        ("audit/", {"object_id": "x"}, "object_id"),
        ("rollouts/1/events/", {"after": "-1"}, "after"),
        ("rollouts/1/events/", {"after": "9" * 30}, "after"),
    ],
)
def test_a_question_that_is_put_wrong_is_refused_by_the_name_of_its_parameter(
    shop: Api, path: str, query: dict[str, str], field: str
) -> None:
    shop.post("rollouts/", {"application": "shop", "environment": "dev", "release": "1.0"})
    answer = shop.get(path, **query)
    assert (answer.status, list(answer.body["fields"])) == (422, [field])


@pytest.mark.parametrize(
    "path",
    [
        "rollouts/nothing/",
        "rollouts/" + "9" * 5000 + "/",
        "rollouts/٧/",
        "rollouts/%00/",
        "applications/shop/releases/%00/",
        "applications/shop/releases/%23²/",
        "applications/shop/releases/%23" + "9" * 50 + "/",
        "applications/none/",
        "targets/00000000-0000-0000-0000-000000000000/",
        "nothing/at/all/",
    ],
)
def test_what_is_not_there_is_said_so_in_json(shop: Api, path: str) -> None:
    answer = shop.get(path)
    assert answer.status == 404
    assert answer.body["type"] == "urn:slipway:problem:not-found"


def test_the_framework_refuses_in_the_same_words(shop: Api) -> None:
    broken = shop.post("applications/", '{"slug": ')
    assert (broken.status, broken.body["type"]) == (400, "urn:slipway:problem:parse-error")
    method = shop.delete("applications/")
    assert (method.status, method.body["type"]) == (405, "urn:slipway:problem:method-not-allowed")
    media = shop.client.post(
        f"/api/v1/organizations/{shop.slug}/applications/",
        "slug=two",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {shop.token}"},
    )
    assert (media.status_code, media.headers["Content-Type"]) == (415, "application/problem+json")
    wanted = shop.client.get(
        f"/api/v1/organizations/{shop.slug}/applications/",
        headers={"Authorization": f"Bearer {shop.token}", "Accept": "text/csv"},
    )
    assert (wanted.status_code, wanted.headers["Content-Type"]) == (406, "application/problem+json")
    for body in ("[]", '"x"', "7", "null"):
        answer = shop.post("applications/", body)
        assert answer.status == 422, body
    slashless = shop.get(f"/api/v1/organizations/{shop.slug}")
    assert slashless.sentence == (
        "There is nothing at /api/v1/organizations/acme. Addresses of the API end with a slash."
    )


@pytest.mark.usefixtures("unchanged")
def test_an_override_names_one_image_by_its_digest(shop: Api) -> None:
    target = shop.get("targets/").body["items"][0]["id"]
    for overrides, words in (
        ({"example.org/web": "example.org/web:1.1"}, "has no digest"),
        ({"example.org/web:1.0": "example.org/web@sha256:" + "a" * 64}, "without tag and digest"),
    ):
        answer = shop.patch(f"targets/{target}/", {"image_overrides": overrides})
        assert answer.status == 422
        assert words in answer.sentence


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("environments/", {"slug": "Not A Slug", "clusters": ["main"]}, "slug"),
        ("environments/", {"slug": "x", "clusters": []}, "clusters"),
        (
            "environments/",
            {"slug": "x", "clusters": ["main"], "delivery_mode": "approve"},
            "approvals_needed",
        ),
        (
            "environments/",
            {"slug": "x", "clusters": ["main"], "namespace_template": "{nothing}"},
            "namespace_template",
        ),
        ("applications/", {"slug": "x", "overlay_pattern": "../up"}, "overlay_pattern"),
        ("applications/", {"slug": "x", "source_kind": "helm"}, "source_kind"),
        ("tokens/", {"name": "t", "scopes": ["everything"]}, "scopes.0"),
        ("invitations/", {"email": "nobody", "role": "viewer"}, "email"),
        ("invitations/", {"email": "a@b.example", "role": "king"}, "role"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a_setting_that_cannot_be_is_refused_beside_its_field(
    shop: Api, path: str, body: dict[str, Any], field: str
) -> None:
    answer = shop.post(path, body)
    assert (answer.status, list(answer.body["fields"])) == (422, [field])


def test_a_second_start_is_the_first_one(shop: Api, people: People) -> None:
    start = {"application": "shop", "environment": "dev", "release": "1.0"}
    first = shop.post("rollouts/", start)
    before = _rows(people)
    second = shop.post("rollouts/", start)
    assert (first.status, second.status) == (201, 200)
    assert first.body == second.body
    assert _rows(people) == before


def test_a_start_that_names_what_is_not_there(shop: Api) -> None:
    for change, sentence in (
        ({"application": "none"}, "There is no such application."),
        ({"environment": "none"}, "There is no such environment."),
        ({"release": "9.9"}, "shop has no release 9.9."),
        ({"cluster": "none"}, "There is no such target."),
    ):
        start = {"application": "shop", "environment": "dev", "release": "1.0", **change}
        answer = shop.post("rollouts/", start)
        assert (answer.status, answer.sentence) == (404, sentence)


def _waiting(shop: Api, people: People, digest: str = "sha256:one") -> int:
    from apps.rollouts.models import Rollout

    start = {"application": "shop", "environment": "production", "release": "1.0"}
    number = int(shop.post("rollouts/", start).body["number"])
    with scopes.organization(people.acme.id):
        Rollout.objects.filter(number=number).update(phase="waiting", plan_digest=digest)
    return number


def test_an_approval_of_a_plan_that_is_no_longer_in_force_is_refused(
    shop: Api, api: Callable[..., Api], people: People
) -> None:
    number = _waiting(shop, people, "sha256:two")
    before = _rows(people)
    bo = api(people.bo)
    before["AuditEntry"] += 1  # bo's token
    old = bo.post(f"rollouts/{number}/approvals/", {"plan_digest": "sha256:one", "approved": True})
    assert old.status == 412
    assert old.sentence == "The plan changed since you looked; look at what is different and decide again."
    assert _rows(people) == before


def test_who_asked_does_not_approve_and_a_decision_made_twice_is_one(
    shop: Api, api: Callable[..., Api], people: People
) -> None:
    number = _waiting(shop, people)
    path, yes = f"rollouts/{number}/approvals/", {"plan_digest": "sha256:one", "approved": True}
    own = shop.post(path, yes)
    assert (own.status, own.sentence) == (403, "Who asked for a rollout does not approve it.")
    bo = api(people.bo)
    first, again = bo.post(path, yes), bo.post(path, yes)
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    other = bo.post(path, {**yes, "approved": False})
    assert (other.status, other.sentence) == (409, "You have decided on this plan already.")
    assert [row["by"] for row in shop.get(path).body["items"]] == ["Bo"]


def test_a_bug_of_ours_shows_nothing_of_itself(shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.applications.api import views

    def broken(*_: Any) -> Any:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(views, "applications_of", broken)
    shop.client.raise_request_exception = False
    answer = shop.get("applications/")
    assert answer.status == 500
    assert "swordfish" not in answer.text
    assert answer.body["title"] == "Something is broken here"


def test_a_database_that_is_away_is_no_bug(shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from apps.applications.api import views

    def away(*_: Any) -> Any:
        raise OperationalError("connection to 10.0.0.5 refused")

    monkeypatch.setattr(views, "applications_of", away)
    answer = shop.get("applications/")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert "10.0.0.5" not in answer.text
