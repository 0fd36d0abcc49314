"""Role × grant × token scope, for what one does with a rollout, through the API. The expected answers stand here as
DESIGN.md says them; nothing is computed from the code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from apps.core import scopes
from tests.people import PASSWORD, People, actor
from tests.tenancy.world import World, make_world, token

ACTS = ("start", "start freely", "approve", "abort", "configure")

# What a role may by itself, everywhere.
BY_ROLE = {
    "viewer": set(),
    "auditor": set(),
    "developer": {"start freely"},
    "releaser": {"start", "start freely", "approve", "abort"},
    "admin": {"configure"},
    "owner": {"start", "start freely", "approve", "abort", "configure"},
}
# What a grant adds, in its environment alone.
BY_GRANT = {
    "": set(),
    "deploy": {"start", "abort"},
    "approve": {"approve"},
}
# What a token lets through of what its person may.
BY_SCOPE = {
    "read": set(),
    "release": set(),
    "deploy": {"start", "start freely", "abort"},
    "approve": {"approve"},
    "admin": {"configure"},
}
PEOPLE = {
    "viewer": "vic",
    "auditor": "olu",
    "developer": "dee",
    "releaser": "bo",
    "admin": "ada",
    "owner": "ana",
}


@pytest.fixture
def world(people: People, valkey: str, settings: Any) -> World:
    from django.core.cache import cache

    cache.clear()
    settings.API_REQUESTS_PER_MINUTE = 100_000
    return make_world(people)


def _act(world: World, act: str, bearer: str) -> int:
    number = world.rollout.number
    start = {"application": "shop", "release": "1.1"}
    method, path, body = {
        "start": ("POST", "rollouts/", {**start, "environment": "production"}),
        "start freely": ("POST", "rollouts/", {**start, "environment": "dev"}),
        "approve": ("POST", f"rollouts/{number}/approvals/", {"plan_digest": world.digest, "approved": True}),
        "abort": ("POST", f"rollouts/{number}/abort/", {}),
        "configure": ("PATCH", "environments/production/", {"bake_seconds": 1}),
    }[act]
    with transaction.atomic():
        answer = Client().generic(
            method,
            f"/api/v1/organizations/acme/{path}",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {bearer}"},
        )
        transaction.set_rollback(True)
    return answer.status_code


def _grant(world: World, user: Any, right: str) -> None:
    """In production, by somebody else."""
    from apps.environments.access import access_environment
    from apps.environments.services import grant
    from apps.organizations.models import Membership

    giver = world.people.ada if user == world.people.ana else world.people.ana
    with scopes.organization(world.people.acme.id):
        by = actor(giver, world.people.acme)
        member = Membership.objects.get(user_id=user.pk)
        grant(by, access_environment(by, "production"), member, right)  # type: ignore[arg-type]  # the choice's word


@pytest.mark.parametrize("given", sorted(BY_GRANT))
@pytest.mark.parametrize("role", sorted(BY_ROLE))
def test_a_grant_adds_to_the_role_in_its_environment_alone(world: World, role: str, given: str) -> None:
    user = getattr(world.people, PEOPLE[role])
    if given:
        _grant(world, user, given)
    bearer = token(user, world.people.acme)
    for act in ACTS:
        may = act in BY_ROLE[role] | BY_GRANT[given]
        status = _act(world, act, bearer)
        assert (status in {200, 201}) is may, f"{act}: {status} to the {role} with “{given}”"
        assert may or status == 403


@pytest.mark.parametrize("scope", sorted(BY_SCOPE))
@pytest.mark.parametrize(("role", "given"), [("owner", ""), ("viewer", "deploy"), ("admin", "approve")])
def test_a_tokens_scope_takes_away_and_never_adds(world: World, role: str, given: str, scope: str) -> None:
    user = getattr(world.people, PEOPLE[role])
    if given:
        _grant(world, user, given)
    bearer = token(user, world.people.acme, scope)
    for act in ACTS:
        may = act in (BY_ROLE[role] | BY_GRANT[given]) & BY_SCOPE[scope]
        status = _act(world, act, bearer)
        assert (status in {200, 201}) is may, f"{act}: {status} to the {role} with “{given}”, scope {scope}"


def _ask(bearer: str, method: str, path: str, body: Any = None) -> Any:
    return Client().generic(
        method,
        f"/api/v1/organizations/acme/{path}",
        json.dumps(body or {}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {bearer}"},
    )


def test_nobody_gives_themselves_what_a_grant_or_a_role_is_for(world: World) -> None:
    from apps.organizations.models import Membership

    people = world.people
    admin = token(people.ada, people.acme)
    with scopes.organization(people.acme.id):
        own = Membership.objects.get(user_id=people.ada.pk).id
    given = _ask(admin, "POST", "environments/production/grants/", {"member": str(own), "right": "deploy"})
    assert (given.status_code, given.json()["detail"]) == (403, "A grant is given by somebody else.")
    role = _ask(admin, "PATCH", f"members/{own}/", {"role": "releaser"})
    assert (role.status_code, role.json()["detail"]) == (403, "Somebody else changes your role.")


def test_owners_are_made_and_unmade_by_owners_and_the_last_one_stays(world: World) -> None:
    from apps.organizations.models import Membership

    people = world.people
    admin, owner = token(people.ada, people.acme), token(people.ana, people.acme)
    with scopes.organization(people.acme.id):
        ids = {row.user_id: row.id for row in Membership.objects.all()}
    assert _ask(admin, "PATCH", f"members/{ids[people.bo.pk]}/", {"role": "owner"}).status_code == 403
    assert _ask(admin, "DELETE", f"members/{ids[people.ana.pk]}/").status_code == 403
    assert _ask(admin, "POST", "invitations/", {"email": "a@b.example", "role": "owner"}).status_code == 403
    # No token manages owners, its own person's included; that wants somebody who is signed in.
    assert _ask(owner, "DELETE", f"members/{ids[people.ana.pk]}/").status_code == 403
    session = Client()  # that has just signed in
    assert (
        session.post("/accounts/login/", {"login": people.ana.email, "password": PASSWORD}).status_code == 302
    )
    leaving = session.delete(f"/api/v1/organizations/acme/members/{ids[people.ana.pk]}/")
    assert (leaving.status_code, leaving.json()["type"]) == (409, "urn:slipway:problem:conflict")


def test_a_token_cannot_make_itself_or_another_stronger(world: World) -> None:
    people = world.people
    weak = token(people.ana, people.acme, "read")
    made = _ask(weak, "POST", "tokens/", {"name": "more", "scopes": ["read", "admin"]})
    assert (made.status_code, made.json()["detail"]) == (
        403,
        "A token makes no token that may do more than itself.",
    )
    strong = _ask(token(people.ana, people.acme), "POST", "tokens/", {"name": "other", "scopes": ["admin"]})
    assert _ask(weak, "DELETE", f"tokens/{strong.json()['id']}/").status_code == 403


def test_a_person_who_was_removed_is_a_stranger_at_once_and_their_tokens_are_dead(world: World) -> None:
    from apps.organizations.models import Membership

    people = world.people
    bo = token(people.bo, people.acme)
    assert _ask(bo, "GET", "rollouts/").status_code == 200
    with scopes.organization(people.acme.id):
        member = Membership.objects.get(user_id=people.bo.pk).id
    assert _ask(token(people.ana, people.acme), "DELETE", f"members/{member}/").status_code == 204
    assert _ask(bo, "GET", "rollouts/").status_code == 401
    session = Client()
    session.force_login(people.bo)
    assert session.get("/api/v1/organizations/acme/rollouts/").status_code == 404


def test_a_grant_that_was_taken_back_is_gone_with_the_next_request(world: World) -> None:
    people = world.people
    _grant(world, people.vic, "approve")
    vic, owner = token(people.vic, people.acme), token(people.ana, people.acme)
    assert _act(world, "approve", vic) == 201
    grants = _ask(owner, "GET", "environments/production/grants/").json()["items"]
    given = next(row for row in grants if row["email"] == "vic@acme.example")
    assert _ask(owner, "DELETE", f"grants/{given['id']}/").status_code == 204
    assert _act(world, "approve", vic) == 403
