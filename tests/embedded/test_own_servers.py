from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from slipway.embedded import own_servers
from slipway.embedded.errors import CannotStart
from tests.servers.run import current


@pytest.fixture
def urls(django_db_setup: None) -> dict[str, str]:
    return {name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}


def test_the_two_logins_that_the_printed_sql_makes_are_taken(urls: dict[str, str], tmp_path: Path) -> None:
    own_servers.check_database(urls)
    (tmp_path / "url").write_text(urls["DATABASE_URL"] + "\n")
    own_servers.check_database(
        {"DATABASE_URL_FILE": str(tmp_path / "url"), "DATABASE_OWNER_URL": urls["DATABASE_OWNER_URL"]}
    )


def test_a_superuser_is_refused_as_the_applications_login(urls: dict[str, str]) -> None:
    superuser = current().postgres().superuser_url(current().database)
    with pytest.raises(CannotStart, match=r"would see every organization's rows.*`slipway database-roles`"):
        own_servers.check_database({**urls, "DATABASE_URL": superuser})


def test_a_login_without_the_two_roles_is_refused(urls: dict[str, str]) -> None:
    with pytest.raises(CannotStart, match="may not enter the roles slipway_system and slipway_person"):
        own_servers.check_database({**urls, "DATABASE_URL": urls["DATABASE_OWNER_URL"]})


def test_a_wrong_password_is_said_without_showing_any(urls: dict[str, str]) -> None:
    wrong = re.sub(r"(://[^:]+:)[^@]+", r"\1topsecret", urls["DATABASE_URL"])
    with pytest.raises(CannotStart) as refusal:
        own_servers.check_database({**urls, "DATABASE_URL": wrong})
    assert re.fullmatch(
        r"DATABASE_URL: PostgreSQL at 127\.0\.0\.1:\d+ does not let Slipway in: .*password authentication failed.*",
        str(refusal.value),
    )
    assert "topsecret" not in str(refusal.value)


def test_ones_own_valkey_answers_or_is_named(valkey: str) -> None:
    own_servers.check_redis({"SLIPWAY_REDIS_URL": valkey})
    with pytest.raises(CannotStart, match=r"nothing at 127\.0\.0\.1:1 answers as Valkey or Redis"):
        own_servers.check_redis({"SLIPWAY_REDIS_URL": "redis://127.0.0.1:1"})


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"redis_version": "6.0.16"}, "Redis 6.0.16 is too old; Slipway needs 6.2 or newer."),
        (
            {"redis_version": "7.2.4", "valkey_version": "7.1.0"},
            "Valkey 7.1.0 is too old; Slipway needs 7.2 or newer.",
        ),
    ],
)
def test_one_that_is_too_old_is_refused_by_version(
    facts: dict[str, str], sentence: str, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redis.Redis.info", lambda self, section: facts)
    with pytest.raises(CannotStart) as refusal:
        own_servers.check_redis({"SLIPWAY_REDIS_URL": valkey})
    assert str(refusal.value) == sentence
