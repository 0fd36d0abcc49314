"""Teams, grants, service accounts and the reasons for what somebody may, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.conftest import Ran
from tests.people import People, actor, make_application, make_cluster, make_environments


def test_a_team_is_given_a_grant_and_it_is_explained(
    server: str, people: People, login: Callable[..., None], slipway: Callable[..., Ran]
) -> None:
    ana = actor(people.ana, people.acme)
    make_environments(ana, [make_cluster(ana)])
    make_application(ana, slug="shop")
    login(people.ana)
    ids = {row["email"]: row["id"] for row in json.loads(slipway("people", "list", "-o", "json").out)}
    assert slipway("teams", "create", "payments").code == 0
    assert slipway("teams", "add", "payments", ids["vic@acme.example"]).code == 0
    oneself = slipway("teams", "add", "payments", ids["ana@acme.example"])
    assert (oneself.code == 0, "Somebody else puts you into a team." in oneself.err) == (False, True)
    given = slipway("access", "grant", "deploy", "--team", "payments", "--environment", "production")
    assert given.code == 0
    why = slipway("access", "explain", "vic@acme.example", "start", "shop/production")
    assert (why.code, why.out.splitlines()[0]) == (0, "Vic may start a rollout (shop in production).")
    assert "Grant (team payments): deploy every application in production; it counts here." in why.out
    not_there = slipway("access", "explain", "vic@acme.example", "start", "shop/dev")
    assert not_there.code == 1
    assert not_there.out.startswith("Vic may not start a rollout (shop in dev).")


def test_a_service_account_gets_a_token_bound_to_a_network(
    server: str, people: People, login: Callable[..., None], slipway: Callable[..., Ran]
) -> None:
    login(people.ana)
    made = json.loads(slipway("people", "add-service", "robot", "--role", "viewer", "-o", "json").out)
    token = slipway(
        "tokens",
        "create",
        "ci",
        "--scope",
        "read",
        "--account",
        made["id"],
        "--address",
        "10.0.0.0/8",
        "-o",
        "json",
    )
    row = json.loads(token.out)
    assert (row["person"], row["service"], row["addresses"]) == ("robot", True, ["10.0.0.0/8"])
    suspended = slipway("people", "suspend", made["id"], "--why", "not used")
    assert "robot is suspended" in suspended.err
    assert slipway("people", "restore", made["id"]).code == 0
