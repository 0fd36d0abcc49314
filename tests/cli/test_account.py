from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tests.people import People


def test_login_keeps_the_token_for_its_owner_alone(
    server: str,
    people: People,
    token_of: Callable[..., str],
    slipway: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = token_of(people.bo)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))
    ran = slipway("login", f"{server}/")
    assert (ran.code, ran.out) == (0, "")
    assert f"You are Bo in acme at {server}." in ran.err
    assert token not in ran.err
    path = tmp_path / "config" / "slipway" / "account.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"url": server, "organization": "acme", "token": token}

    who = json.loads(slipway("whoami", "-o", "json").out)
    assert (who["person"], who["email"], who["role"]) == ("Bo", "bo@acme.example", "releaser")
    assert "approve" in who["may"]
    assert "manage people" not in who["may"]

    assert slipway("logout").err == "Forgotten.\n"
    assert not path.exists()
    assert slipway("whoami").code == 1


def test_a_wrong_token_is_told_and_not_kept(
    server: str, people: People, slipway: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPWAY_TOKEN", "slp_nonsense")
    ran = slipway("login", server)
    assert ran == Ran(1, "", "slipway: This token is unknown, revoked or has run out.\n")
    assert not (tmp_path / "config").exists()


def test_the_environment_alone_is_enough(
    server: str,
    people: People,
    token_of: Callable[..., str],
    slipway: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLIPWAY_URL", server)
    monkeypatch.setenv("SLIPWAY_TOKEN", token_of(people.vic, "read"))
    ran = slipway("apps", "list")
    assert ran == Ran(1, "", "slipway: Say which organization: --organization, or SLIPWAY_ORGANIZATION.\n")
    assert slipway("--organization", "acme", "apps", "list").code == 0
    monkeypatch.setenv("SLIPWAY_ORGANIZATION", "globex")
    ran = slipway("apps", "list")
    assert ran == Ran(1, "", "slipway: There is no such organization, or this token is not for it.\n")


def test_a_stored_token_is_sent_to_no_other_address(
    people: People, login: Callable[..., None], slipway: Callable[..., Ran]
) -> None:
    login(people.bo)
    ran = slipway("--url", "http://127.0.0.1:1", "apps", "list")
    assert ran.err.startswith("slipway: You are not logged in at http://127.0.0.1:1.")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://slipway.example", "A token is sent over https only, or to this machine."),
        ("ftp://slipway.example", "ftp://slipway.example is no address of a web server."),
    ],
)
def test_login_refuses_addresses_that_would_leak_the_token(
    slipway: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, url: str, sentence: str
) -> None:
    monkeypatch.setenv("SLIPWAY_TOKEN", "slp_secret")
    assert slipway("login", url) == Ran(2, "", f"slipway: {sentence}\n")


def test_a_server_that_is_away_is_told_after_a_few_tries(
    slipway: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slipway.cli.client._PAUSES", (0.0, 0.0))
    monkeypatch.setenv("SLIPWAY_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SLIPWAY_TOKEN", "slp_secret")
    ran = slipway("-O", "acme", "apps", "list")
    assert ran.code == 1
    assert ran.err == "slipway: http://127.0.0.1:1 does not answer ([Errno 111] Connection refused).\n"


def test_tokens_are_made_shown_once_and_revoked(
    people: People, login: Callable[..., None], slipway: Callable[..., Ran]
) -> None:
    login(people.ana)
    made = slipway("tokens", "create", "ci", "--scope", "release", "--scope", "read", "--days", "30")
    assert made.code == 0
    assert made.out.startswith("slp_")
    listed = slipway("tokens", "list", "-o", "json")
    assert made.out.strip() not in listed.out
    ci = next(row for row in json.loads(listed.out) if row["name"] == "ci")
    assert ci["scopes"] == ["release", "read"]
    assert slipway("tokens", "revoke", ci["id"]).code == 0
    ci = next(row for row in json.loads(slipway("tokens", "list", "-o", "json").out) if row["name"] == "ci")
    assert ci["revoked_at"] is not None
