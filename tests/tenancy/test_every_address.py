"""Every address there is, asked by everybody who might ask. A new one fails here until the table says who may."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.core import scopes
from tests.people import PASSWORD, People
from tests.tenancy.addresses import (
    API,
    LEADS_ON,
    NOT_FOR_VIEWERS,
    PERSON,
    PUBLIC,
    ROLES,
    TOKEN_SCOPES,
    Address,
    kwargs_of,
)
from tests.tenancy.world import EVERY_SCOPE, World, make_world, token

_METHODS = ("get", "post", "put", "patch", "delete")
_BY_ROLE = {
    "owner": "ana",
    "releaser": "bo",
    "developer": "dee",
    "admin": "ada",
    "auditor": "olu",
    "viewer": "vic",
}


@pytest.fixture
def world(people: People, valkey: str, settings: Any) -> World:
    from django.core.cache import cache

    cache.clear()
    settings.API_REQUESTS_PER_MINUTE = settings.API_STRANGERS_PER_MINUTE = 100_000
    return make_world(people)


def _walk(resolver: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry, prefix + str(entry.pattern))
        else:
            yield prefix + str(entry.pattern), entry


def _patterns() -> list[tuple[str, URLPattern]]:
    return list(_walk(get_resolver()))


def test_the_table_holds_every_address_and_method_of_the_api() -> None:
    there = set()
    for path, pattern in _patterns():
        if not path.startswith("api/v1/"):
            continue
        view = pattern.callback.cls  # type: ignore[attr-defined]  # REST framework puts it there
        there |= {(pattern.name, method.upper()) for method in _METHODS if hasattr(view, method)}
    assert {(address.name, address.method) for address in API} == there


def _ask(world: World, address: Address, client: Client, bearer: str = "") -> tuple[int, Any]:
    """What it does is rolled back, so that each one finds the world as it was made."""
    holes = set(re.findall(r"%\((\w+)\)s", get_resolver().reverse_dict.getlist(address.name)[0][0][0][0]))
    kwargs = {name: value for name, value in kwargs_of(world).items() if name in holes} | dict(address.kwargs)
    body = address.body(world) if address.body else None
    with transaction.atomic():
        response = client.generic(
            address.method,
            reverse(address.name, kwargs=kwargs),
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {bearer}"} if bearer else {},
        )
        transaction.set_rollback(True)
    kind = response.headers.get("Content-Type", "")
    if address.needs != PUBLIC and response.status_code >= 400:
        assert kind == "application/problem+json", (address.label, kind)
    return response.status_code, json.loads(response.content) if kind.endswith("json") else None


def test_nobody_gets_past_the_door_without_being_somebody(world: World) -> None:
    people = world.people
    dead = {
        "nobody": "",
        "a made-up token": "slp_" + "x" * 43,
        "a revoked token": token(people.ana, people.acme, dead="revoked_at"),
        "an expired token": token(people.ana, people.acme, dead="expires_at"),
    }
    for who, bearer in dead.items():
        for address in API:
            status, _ = _ask(world, address, Client(), bearer)
            expected = 200 if address.needs == PUBLIC else 401
            assert status == expected, f"{address.label} answers {status} to {who}"


def test_a_stranger_learns_nothing_from_any_address(world: World) -> None:
    """The same 404, whether the thing is there or not: signed in, or by a token of another organization."""
    from apps.organizations.models import User

    people = world.people
    outsider = Client()
    outsider.force_login(User.objects.create_user("out@example.org", "nothing", name="Out"))
    member_of_another = Client()
    member_of_another.force_login(people.gil)
    foreign = token(people.gil, people.globex)
    for address in API:
        if address.needs in {PUBLIC, PERSON}:
            continue
        for who, client, bearer in (
            ("an outsider", outsider, ""),
            ("a member of another organization", member_of_another, ""),
            ("a token of another organization", Client(), foreign),
        ):
            status, body = _ask(world, address, client, bearer)
            assert status == 404, f"{address.label} answers {status} to {who}"
            assert body["detail"].startswith("There is no such organization"), (address.label, body)


def test_a_token_of_another_organization_is_none_here_even_when_its_person_belongs_to_both(
    world: World,
) -> None:
    from apps.audit.services import By
    from apps.organizations.choices import Role
    from apps.organizations.services import add_member

    people = world.people
    add_member(By("operator", "the test"), people.acme, people.gil, Role.OWNER)
    foreign = token(people.gil, people.globex)
    for address in API:
        if address.needs not in {PUBLIC, PERSON}:
            assert _ask(world, address, Client(), foreign)[0] == 404, address.label


@pytest.mark.parametrize("role", sorted(ROLES))
def test_each_role_may_exactly_what_the_design_says(world: World, role: str) -> None:
    people = world.people
    bearer = token(getattr(people, _BY_ROLE[role]), people.acme)
    for address in API:
        may = address.needs in ROLES[role] | {PUBLIC, PERSON}
        status, body = _ask(world, address, Client(), bearer)
        expected = address.ok if may else 403
        assert status == expected, f"{address.label} answers {status} to the {role}: {body}"


@pytest.mark.parametrize("scope", EVERY_SCOPE)
def test_each_scope_of_a_token_narrows_what_its_person_may(world: World, scope: str) -> None:
    people = world.people
    bearer = token(people.ana, people.acme, scope)
    for address in API:
        may = address.needs in TOKEN_SCOPES[scope] | {PUBLIC, PERSON}
        if address.label == "POST api-tokens":
            may = scope == "read"  # a token makes none that may do more than itself
        status, body = _ask(world, address, Client(), bearer)
        expected = address.ok if may else 403
        assert status == expected, f"{address.label} answers {status} to a token of scope {scope}: {body}"


def test_another_organizations_ids_are_not_found_by_an_owner_in_their_own(world: World) -> None:
    """Right in one's own organization, with ids of another: the object's door, behind the organization's."""
    people = world.people
    bearer = token(people.gil, people.globex)
    kwargs = kwargs_of(world) | {"organization": "globex"}
    for address in API:
        holes = set(re.findall(r"%\((\w+)\)s", get_resolver().reverse_dict.getlist(address.name)[0][0][0][0]))
        if len(holes - {"action"}) < 2:
            continue
        with transaction.atomic():
            path = reverse(
                address.name,
                kwargs={name: kwargs[name] for name in holes} | dict(address.kwargs),
            )
            response = Client().generic(
                address.method,
                path,
                json.dumps(address.body(world)) if address.body else "",
                content_type="application/json",
                headers={"Authorization": f"Bearer {bearer}"},
            )
            transaction.set_rollback(True)
        assert response.status_code == 404, f"{address.label} answers {response.status_code}"


def _pages() -> list[str]:
    elsewhere = ("api/", "^api/", "accounts/", "operator/", "^static/", "static/")
    return [path for path, _ in _patterns() if not path.startswith(elsewhere)]


def test_every_page_of_an_organization_is_shut_to_strangers(world: World) -> None:
    """By its holes: whatever page names an organization sends the unknown to sign in, and strangers away with 404."""
    people, kwargs = world.people, kwargs_of(world)
    stranger, viewer = Client(), Client()
    stranger.force_login(people.gil)
    # A moment ago: some pages ask again who has not signed in for a while, before they refuse.
    assert (
        viewer.post("/accounts/login/", {"login": people.vic.email, "password": PASSWORD}).status_code == 302
    )
    seen = 0
    for path in _pages():
        holes = set(re.findall(r"<(?:\w+:)?(\w+)>", path))
        assert holes <= set(kwargs), f"{path}: say in tests/tenancy/addresses.py what stands in its holes"
        if "organization" not in holes:
            continue
        seen += 1
        url = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda hole: str(kwargs[hole[1]]), path)
        for method in ("GET", "POST"):
            with transaction.atomic():
                unknown = Client().generic(method, url)
                strange = stranger.generic(method, url)
                transaction.set_rollback(True)
            assert unknown.status_code in {302, 401, 405}, f"{method} {url}: {unknown.status_code} to nobody"
            if unknown.status_code == 302:
                assert unknown.url.startswith("/accounts/login/"), url
            assert strange.status_code in {404, 405}, f"{method} {url}: {strange.status_code} to a stranger"
        with transaction.atomic():
            allowed = {403} if path.endswith(NOT_FOR_VIEWERS) else {200, 405}
            allowed = {302} if path.endswith(LEADS_ON) else allowed
            assert viewer.get(url).status_code in allowed, url
            transaction.set_rollback(True)
    assert seen >= 1


def test_every_socket_is_known() -> None:
    """Who may follow what is proven in tests/live; a new address for sockets belongs there, too."""
    from slipway.routing import websockets

    assert [str(route.pattern) for route in websockets.routes] == [
        r"^ws/organizations/(?P<slug>[-a-zA-Z0-9_]+)/page/$",
        r"^ws/organizations/(?P<slug>[-a-zA-Z0-9_]+)/rollouts/(?P<number>\d{1,9})/pods/(?P<uid>[0-9a-zA-Z-]+)/log/$",
        r"^ws/organizations/(?P<slug>[-a-zA-Z0-9_]+)/rollouts/(?P<rollout>[0-9a-fA-F-]+)/$",
        r"^ws/organizations/(?P<slug>[-a-zA-Z0-9_]+)/activity/$",
        "",  # whatever else is refused
    ]


def test_a_refusal_leaves_nothing_but_its_own_line_in_the_audit(world: World) -> None:
    from apps.audit.models import AuditEntry
    from apps.rollouts.models import Rollout

    people = world.people
    bearer = token(people.vic, people.acme)
    url = reverse("api-rollouts", kwargs={"organization": "acme"})
    body = json.dumps({"application": "shop", "environment": "dev", "release": "1.1"})
    with scopes.organization(people.acme.id):
        rollouts, entries = Rollout.objects.count(), AuditEntry.objects.count()
    for _ in range(4):
        answer = Client().generic(
            "POST", url, body, content_type="application/json", headers={"Authorization": f"Bearer {bearer}"}
        )
        assert answer.status_code == 403
    with scopes.organization(people.acme.id):
        assert Rollout.objects.count() == rollouts
        assert AuditEntry.objects.count() == entries + 1
        entry = AuditEntry.objects.order_by("-number")[0]
        said = json.loads(bytes(entry.canonical))
    assert (entry.action, entry.object_label, entry.actor_label, entry.channel) == (
        "access.refused",
        f"POST {url}",
        "Vic",
        "api",
    )
    assert said["after"] == {
        "why": "Your role (viewer) does not let you start a rollout where no approval is needed."
    }


def test_what_was_refused_again_and_again_is_said_with_the_next_entry(world: World) -> None:
    from django.core.cache import cache

    from apps.audit.models import AuditEntry

    people = world.people
    bearer = token(people.vic, people.acme)
    audit = next(address for address in API if address.name == "api-audit")
    headers = {"Authorization": f"Bearer {bearer}"}
    url = reverse(audit.name, kwargs={"organization": "acme"})
    for _ in range(3):
        assert Client().get(url, headers=headers).status_code == 403
    for key in cache._cache.get_client().keys("*refused:*"):  # five minutes later
        if b"count" not in key:
            cache._cache.get_client().delete(key)
    assert Client().get(url, headers=headers).status_code == 403
    with scopes.organization(people.acme.id):
        rows = AuditEntry.objects.filter(action="access.refused").order_by("number")
        said = [json.loads(bytes(row.canonical))["after"] for row in rows]
    why = "Your role (viewer) does not let you see the audit."
    assert said == [{"why": why}, {"why": why, "repeated": 2}]
