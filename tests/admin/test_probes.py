from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.core.ticks import tick
from apps.dashboard.operations import parts
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def cache(valkey: str) -> Any:
    from django.core.cache import cache

    cache.clear()
    return cache


def test_a_process_that_lives_says_so_to_any_host_name() -> None:
    answer = Client().get("/healthz", headers={"Host": "10.1.2.3:8000"})
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_what_is_not_ready_is_named_and_does_not_take_the_pages_away(cache: Any) -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "not_ready": ["worker", "watcher"],
        "parts": {
            "database": "ready",
            "migrations": "ready",
            "valkey": "ready",
            "worker": "No sweep was seen: beat or the workers do not run.",
            "watcher": "No watcher was seen in the last 15 s; changes are found by asking, later.",
        },
    }
    assert Client().get("/readyz?whole").status_code == 503


def test_the_whole_installation_is_ready_once_all_have_been_seen(cache: Any) -> None:
    tick(parts.SWEEP)
    cache.set(parts.WATCHER, "one", 15)
    answer = Client().get("/readyz?whole")
    assert (answer.status_code, answer.json()["not_ready"]) == (200, [])


def test_a_sweep_that_is_late_is_named_with_its_age(cache: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "seconds_since", lambda name: 43.2)
    sentence = Client().get("/readyz").json()["parts"]["worker"]
    assert sentence == "The last sweep was 43 s ago: beat or the workers do not run."


def test_a_database_that_is_away_makes_it_not_ready(cache: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def cursor(self) -> Any:
            raise OSError("10.0.0.5 refused")

    monkeypatch.setattr(parts, "connection", Away())
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["database"] == "It does not answer (OSError)."
    assert "10.0.0.5" not in answer.content.decode()


def test_missing_migrations_are_counted(cache: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Executor:
        def __init__(self, connection: Any) -> None:
            graph = type("Graph", (), {"leaf_nodes": staticmethod(list)})
            self.loader = type("Loader", (), {"graph": graph})

        def migration_plan(self, targets: Any) -> Any:
            return [("rollouts.0009_more", False), ("audit.0004_more", False)]

    monkeypatch.setattr(parts, "_migrated", False)
    monkeypatch.setattr(parts, "MigrationExecutor", Executor)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["migrations"] == "2 migrations are missing, rollouts.0009_more first."


def test_figures_are_for_this_machine_alone_without_a_token(cache: Any, people: People) -> None:
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert 'slipway_rollouts{phase="waiting"} 0.0' in text
    assert "slipway_outbox_messages 0.0" in text
    assert "slipway_sockets 0.0" in text
    assert "# TYPE slipway_request_seconds histogram" in text

    assert Client(REMOTE_ADDR="192.0.2.7").get("/metrics").status_code == 403
    # A proxy on this machine speaks for somebody elsewhere.
    assert Client().get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403


def test_with_a_token_only_the_token_opens_them(cache: Any, people: People, settings: Any) -> None:
    settings.METRICS_TOKEN = "a token for figures"
    assert Client().get("/metrics").status_code == 403
    assert Client().get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 403
    shown = Client(REMOTE_ADDR="192.0.2.7").get(
        "/metrics", headers={"Authorization": "Bearer a token for figures"}
    )
    assert shown.status_code == 200


def test_requests_are_counted_by_route_and_never_by_path(cache: Any, people: People) -> None:
    Client().get("/api/v1/organizations/secret-name/rollouts/77/")
    text = Client().get("/metrics").content.decode()
    assert 'slipway_request_seconds_count{method="GET",route="api-rollout",status="4xx"}' in text
    assert "secret-name" not in text
