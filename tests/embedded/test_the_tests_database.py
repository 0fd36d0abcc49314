from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from tests.servers.databases import copy
from tests.sockets import OutsideRefused


@pytest.mark.django_db
def test_ordinary_tests_run_as_the_application_inside_a_transaction() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, pg_has_role('slipway_system', 'SET'), pg_has_role('slipway_system', 'USAGE')"
        )
        assert cursor.fetchone() == ("slipway_app", True, False)
    assert connection.in_atomic_block


@pytest.mark.django_db
def test_the_application_may_not_make_tables() -> None:
    with (
        pytest.raises(DatabaseError, match="permission denied for schema public"),
        connection.cursor() as cursor,
    ):
        cursor.execute("CREATE TABLE mine (a int)")


def _remember() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_content_type (app_label, model) VALUES ('tests', 'memory')")


def _remembered() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_content_type WHERE app_label = 'tests'")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("time", [1, 2])
def test_a_transactional_test_commits_for_others_to_see_and_starts_clean_each_time(
    transactional_database: str, time: int
) -> None:
    assert _remembered() == 0
    _remember()
    assert os.environ["DATABASE_URL"] == transactional_database
    with psycopg.connect(transactional_database) as elsewhere:
        row = elsewhere.execute(
            "SELECT count(*) FROM django_content_type WHERE app_label = 'tests'"
        ).fetchone()
    assert row == (1,)
    seen: list[int] = []

    def look() -> None:
        seen.append(_remembered())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [1]


@pytest.mark.django_db
def test_after_transactional_tests_the_shared_database_is_as_it_was() -> None:
    assert _remembered() == 0


def test_a_copy_is_gone_after_use(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django's blocker
        with copy("short_lived"), connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            assert cursor.fetchone() == ("short_lived",)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'short_lived'")
            assert cursor.fetchone() == (0,)
        connection.close()


def test_valkey_answers(valkey: str) -> None:
    import redis

    with redis.Redis.from_url(f"{valkey}/0") as client:
        assert client.ping() is True


@pytest.fixture
def outside() -> Iterator[socket.socket]:
    with socket.socket() as client:
        yield client


def test_the_outside_is_refused_by_number_and_by_name(outside: socket.socket) -> None:
    with pytest.raises(OutsideRefused, match=r"192\.0\.2\.1"):
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(OutsideRefused, match=r"example\.org"):
        socket.create_connection(("example.org", 80))
