"""Idempotency-Key: the same request again is answered again and not done again."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections

from apps.core import scopes
from tests.api.speaking import Answer, Api
from tests.people import People

BODY = {"slug": "two", "name": "Two"}


def _count(people: People, slug: str = "two") -> int:
    from apps.applications.models import Application

    with scopes.organization(people.acme.id):
        return int(Application.objects.filter(slug=slug).count())


def test_the_first_answer_comes_again(api: Callable[..., Api], people: People) -> None:
    ana = api(people.ana)
    first = ana.post("applications/", BODY, Idempotency_Key="k1")
    again = ana.post("applications/", BODY, Idempotency_Key="k1")
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert _count(people) == 1


def test_without_a_key_a_second_one_is_refused_in_words(api: Callable[..., Api], people: People) -> None:
    ana = api(people.ana)
    ana.post("applications/", BODY)
    again = ana.post("applications/", BODY)
    assert (again.status, again.sentence) == (409, "There is an application called two already.")
    assert _count(people) == 1


def test_one_key_for_another_body_or_address_is_refused(api: Callable[..., Api], people: People) -> None:
    ana = api(people.ana)
    ana.post("applications/", BODY, Idempotency_Key="k1")
    for path, body in (("applications/", {"slug": "three"}), ("tokens/", BODY)):
        answer = ana.post(path, body, Idempotency_Key="k1")
        assert (answer.status, answer.sentence) == (
            409,
            "This Idempotency-Key was used for another request.",
        )
    assert _count(people, "three") == 0


def test_another_persons_key_is_another_key(api: Callable[..., Api], people: People) -> None:
    assert api(people.ana).post("applications/", BODY, Idempotency_Key="k1").status == 201
    assert api(people.ada).post("applications/", {"slug": "three"}, Idempotency_Key="k1").status == 201


def test_a_refused_request_leaves_its_key_free(api: Callable[..., Api], people: People) -> None:
    ana = api(people.ana)
    assert ana.post("applications/", {"slug": "NO NAME"}, Idempotency_Key="k1").status == 422
    assert ana.post("applications/", BODY, Idempotency_Key="k1").status == 201


def test_a_secret_is_not_kept_for_a_second_answer(api: Callable[..., Api], people: People) -> None:
    from apps.core.models import IdempotencyKey

    ana = api(people.ana)
    body = {"name": "ci", "scopes": ["read"]}
    first = ana.post("tokens/", body, Idempotency_Key="k1")
    assert first.status == 201
    again = ana.post("tokens/", body, Idempotency_Key="k1")
    made = first.body["id"]
    assert again.status == 409
    assert again.body["created"] == made
    assert again.sentence == (
        f"This request was answered already, with a secret that is shown once. It made {made}."
    )
    with scopes.organization(people.acme.id):
        stored = json.dumps(list(IdempotencyKey.objects.values_list("body", flat=True)))
    assert first.body["secret"] not in stored

    link = ana.post("invitations/", {"email": "a@b.example", "role": "viewer"}, Idempotency_Key="k2")
    repeated = ana.post("invitations/", {"email": "a@b.example", "role": "viewer"}, Idempotency_Key="k2")
    assert (repeated.status, repeated.body["created"]) == (409, link.body["id"])


def test_a_key_of_nonsense_is_refused(api: Callable[..., Api], people: People) -> None:
    ana = api(people.ana)
    assert ana.post("applications/", BODY, Idempotency_Key="k" * 121).status == 422
    assert _count(people) == 0


def _at_once(count: int, ask: Callable[[], Answer]) -> list[Answer]:
    barrier = Barrier(count)

    def one(_: int) -> Any:
        try:
            barrier.wait(20)
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_of_two_with_one_key_at_once_one_is_done_and_both_get_its_answer(
    transactional_database: str, people: People, api: Callable[..., Api]
) -> None:
    ana = api(people.ana)
    answers = _at_once(6, lambda: Api(ana.slug, ana.token).post("applications/", BODY, Idempotency_Key="k1"))
    assert [answer.status for answer in answers] == [201] * 6
    assert all(answer.body == answers[0].body for answer in answers)
    assert sorted("Idempotency-Replayed" in answer.headers for answer in answers) == [False] + [True] * 5
    assert _count(people) == 1


def test_of_two_without_a_key_at_once_one_is_done_and_the_other_refused(
    transactional_database: str, people: People, api: Callable[..., Api]
) -> None:
    ana = api(people.ana)
    answers = _at_once(4, lambda: Api(ana.slug, ana.token).post("applications/", BODY))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert _count(people) == 1


def test_ten_starts_at_once_are_one_rollout(transactional_database: str, people: People, shop: Api) -> None:
    start = {"application": "shop", "environment": "dev", "release": "1.0"}
    answers = _at_once(10, lambda: Api(shop.slug, shop.token).post("rollouts/", start))
    assert sorted(answer.status for answer in answers) == [200] * 9 + [201]
    assert len({answer.body["id"] for answer in answers}) == 1
