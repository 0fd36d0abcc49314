"""Settings are a small typed reading of the environment, loud when wrong; production refuses to start insecure."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from slipway.settings.environment import Environment
from tests.architecture.running import python

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
SECURE = {
    "SLIPWAY_SECRET_KEY": "s" * 50,
    "SLIPWAY_ENCRYPTION_KEY": KEY,
    "SLIPWAY_PUBLIC_URL": "https://slipway.example.test",
    "SLIPWAY_REDIS_URL": "redis://127.0.0.1:6379",
    "DATABASE_URL": "postgres://app:hunter2@127.0.0.1/slipway",
}
IMPORT = (
    "import slipway.settings.production as s; print(s.SESSION_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.DEBUG)"
)


def start(**changes: str | None) -> tuple[int, str]:
    wanted = {name: value for name, value in (SECURE | changes).items() if value is not None}
    done = python(IMPORT, **wanted)
    return done.returncode, done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_production_starts_when_everything_is_secure():
    assert start() == (0, "True True False")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "SLIPWAY_PUBLIC_URL",
            "http://slipway.example.test",
            "SLIPWAY_PUBLIC_URL must begin with https:// in production.",
        ),
        ("SLIPWAY_PUBLIC_URL", None, "SLIPWAY_PUBLIC_URL must begin with https:// in production."),
        ("SLIPWAY_SECRET_KEY", "s" * 49, "SLIPWAY_SECRET_KEY is shorter than 50 characters."),
        ("SLIPWAY_SECRET_KEY", None, "SLIPWAY_SECRET_KEY is not set."),
        ("SLIPWAY_ENCRYPTION_KEY", "c2hvcnQ=", "SLIPWAY_ENCRYPTION_KEY is not 32 bytes in base64."),
        ("SLIPWAY_ENCRYPTION_KEY", "§", "SLIPWAY_ENCRYPTION_KEY is not 32 bytes in base64."),
        ("SLIPWAY_REDIS_URL", "localhost:6379", "SLIPWAY_REDIS_URL is no redis://host:port address."),
        (
            "DATABASE_URL",
            "mysql://x/y",
            "DATABASE_URL is no postgres://user:password@host:port/name address.",
        ),
        (
            "SLIPWAY_CLUSTER_NETWORKS",
            "10.0.0.0/8,home",
            "SLIPWAY_CLUSTER_NETWORKS holds 'home', which is no network like 10.0.0.0/8.",
        ),
        ("SLIPWAY_SSL_REDIRECT", "perhaps", "SLIPWAY_SSL_REDIRECT is 'perhaps'; it is either true or false."),
        (
            "SLIPWAY_HSTS_SECONDS",
            "-1",
            "SLIPWAY_HSTS_SECONDS is '-1'; it is a whole number of at least 0.",
        ),
    ],
)
def test_production_refuses_with_one_sentence(name: str, value: str | None, sentence: str):
    code, said = start(**{name: value})
    assert code != 0
    assert said == f"django.core.exceptions.ImproperlyConfigured: {sentence}"


def test_a_secret_is_read_from_the_file_that_its_name_with_file_names(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text("from a file\n")
    env = Environment({"KEY": "from the environment", "KEY_FILE": str(file)})
    assert env.text("KEY") == "from a file"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(ImproperlyConfigured) as refused:
        Environment({"KEY_FILE": str(tmp_path / "gone")}).text("KEY", "default")
    assert str(refused.value) == (
        f"KEY_FILE names {tmp_path / 'gone'}, which cannot be read: No such file or directory."
    )


def test_what_is_not_set_has_its_default_or_stops_the_start():
    assert Environment({}).text("NAME", "slipway") == "slipway"
    with pytest.raises(ImproperlyConfigured, match=r"NAME is not set\."):
        Environment({}).text("NAME")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", True),
        ("TRUE", True),
        ("yes", True),
        ("on", True),
        ("0", False),
        ("no", False),
        ("", False),
        ("Off", False),
    ],
)
def test_flags(text: str, value: bool):
    assert Environment({"F": text}).flag("F", not value) is value
    assert Environment({}).flag("F", value) is value


@pytest.mark.parametrize("text", ["2", "ja", " true"])
def test_a_flag_that_is_none_is_refused(text: str):
    with pytest.raises(ImproperlyConfigured) as refused:
        Environment({"F": text}).flag("F", True)
    assert str(refused.value) == f"F is {text!r}; it is either true or false."


@pytest.mark.parametrize("text", ["", "a", "1.5", "-3", "²", "4"])
def test_a_number_that_is_none_or_too_small_is_refused(text: str):
    with pytest.raises(ImproperlyConfigured, match="it is a whole number of at least 5"):
        Environment({"N": text}).integer("N", 7, least=5)


def test_numbers_and_lists():
    assert Environment({"N": "12"}).integer("N", 7) == 12
    assert Environment({}).integer("N", 7) == 7
    assert Environment({"L": " a, ,b ,"}).items("L") == ["a", "b"]
    assert Environment({"L": "10.0.0.0/8, fd00::/8"}).networks("L") == ["10.0.0.0/8", "fd00::/8"]


def test_a_databases_address_is_taken_apart():
    url = "postgres://app:p%40ss%2Fword@db.example.test:6543/slip%20way?sslmode=verify-full"
    found = Environment({"U": url}).database("U", pool=True)
    assert (found["USER"], found["PASSWORD"], found["NAME"]) == ("app", "p@ss/word", "slip way")
    assert (found["HOST"], found["PORT"]) == ("db.example.test", "6543")
    assert found["OPTIONS"]["sslmode"] == "verify-full"
    assert found["OPTIONS"]["pool"]["max_size"] == 12
    assert Environment({"U": "postgresql://app@db/x"}).database("U")["PORT"] == "5432"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hunter2",
        "http://db/x",
        "postgres://db",
        "postgres://a:hunter2@db:port/x",
        "postgres://[::1:hunter2/x",
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(url: str):
    with pytest.raises(ImproperlyConfigured) as refused:
        Environment({"U": url}).database("U")
    assert str(refused.value) == "U is no postgres://user:password@host:port/name address."


def test_redis_has_a_database_for_each_use():
    env = Environment({"SLIPWAY_REDIS_URL": "rediss://:pw@cache.example.test:6380/"})
    assert env.redis(2) == "rediss://:pw@cache.example.test:6380/2"
