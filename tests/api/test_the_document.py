"""docs/openapi.yaml is made from the code; this fails when it is not what the code says now.

Make it anew with `python manage.py write_api_document`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as configuration
from django.core.management import call_command
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from tests.api.document import PATH, document
from tests.api.speaking import Api
from tests.people import People


def test_the_committed_document_is_current(tmp_path: Any) -> None:
    fresh = tmp_path / "openapi.yaml"
    call_command("write_api_document", path=str(fresh))
    assert PATH.read_text() == fresh.read_text(), "run: python manage.py write_api_document"


def test_it_says_of_every_operation_how_it_refuses_and_of_every_write_how_it_is_repeated() -> None:
    operations = [
        (path, method, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 45
    for path, method, operation in operations:
        refusal = operation["responses"]["default"]["content"]
        assert list(refusal) == ["application/problem+json"], path
        headers = {
            parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "header"
        }
        if method != "get" and not path.endswith("/check/"):
            assert "Idempotency-Key" in headers, (method, path)
        if method == "patch" and re.search(r"\{(application|environment|cluster)\}/$", path):
            assert "If-Match" in headers, path


def test_no_answer_is_a_heap_of_anything() -> None:
    """A shape without properties would say nothing; the few free ones are named."""
    free = set()
    for name, schema in document()["components"]["schemas"].items():
        for field, kind in schema.get("properties", {}).items():
            if kind == {} or (kind.get("type") == "object" and kind.get("additionalProperties") == {}):
                free.add(f"{name}.{field}")
    assert free == {
        "Activity.body",
        "Event.body",
        "ReleaseDetail.configuration",
        "ReleaseRequest.configuration",
        "RolloutDetail.progress",
    }


@pytest.mark.django_db
def test_the_page_to_read_it_by_takes_everything_from_our_own_server(valkey: str) -> None:
    client = Client()
    page = client.get("/api/v1/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*src=)", text)
    assert not re.search(r"style=|onclick=|https?://", text)
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy
    for source in re.findall(r'(?:src|href)="([^"]+)"', text):
        answer = client.get(source.replace("&amp;", "&"))
        assert answer.status_code == 200, source
        answer.close()


def test_a_browsers_session_reads_without_a_token_and_writes_only_with_its_own_page(
    people: People, api: Callable[..., Api]
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.ana)
    assert client.get("/api/v1/organizations/acme/").json()["role"] == "owner"
    url = "/api/v1/organizations/acme/applications/"
    forged = client.post(url, {"slug": "two"}, content_type="application/json")
    assert (forged.status_code, forged.json()["detail"]) == (403, "The request carries no CSRF token.")
    secret = get_token(RequestFactory().get("/"))
    client.cookies[configuration.CSRF_COOKIE_NAME] = secret
    honest = client.post(
        url, {"slug": "two"}, content_type="application/json", headers={"X-CSRFToken": secret}
    )
    assert honest.status_code == 201


def test_too_many_requests_are_told_when_to_come_again(
    people: People, api: Callable[..., Api], settings: Any
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    ana = api(people.ana)
    answers = [ana.get("applications/") for _ in range(8)]
    assert [answer.status for answer in answers[:3]] == [200, 200, 200]
    assert answers[-1].status == 429  # also when the minute turned in between
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert api(people.bo).get("applications/").status == 200  # somebody else is not held up


def test_guessing_tokens_is_slowed_down_by_address(settings: Any, people: People, valkey: str) -> None:
    settings.API_STRANGERS_PER_MINUTE = 3
    headers = {"Authorization": "Bearer slp_guess"}
    found = [Client().get("/api/v1/organizations/", headers=headers).status_code for _ in range(8)]
    assert found[:3] == [401, 401, 401]
    assert found[-1] == 429  # also when the minute turned in between


def test_without_valkey_everybody_is_let_in(people: People, api: Callable[..., Api], settings: Any) -> None:
    from django.core.cache import caches

    ana = api(people.ana)
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/2",
        }
    }
    assert ana.get("applications/").status == 200
    assert api(people.vic).get("audit/").status == 403
    del caches["default"]


def test_every_operation_is_under_its_resource_and_every_resource_is_described() -> None:
    said = document()
    described = [tag["name"] for tag in said["tags"]]
    used = {
        tag
        for methods in said["paths"].values()
        for operation in methods.values()
        for tag in operation["tags"]
    }
    assert used == set(described)
    under = {path: set(methods["get"]["tags"]) for path, methods in said["paths"].items() if "get" in methods}
    inside = "/api/v1/organizations/{organization}"
    assert under[f"{inside}/"] == {"organizations"}
    assert under[f"{inside}/applications/{{application}}/releases/"] == {"releases"}
    assert under[f"{inside}/rollouts/{{rollout}}/approvals/"] == {"approvals"}
    assert under[f"{inside}/environments/{{environment}}/grants/"] == {"grants"}
