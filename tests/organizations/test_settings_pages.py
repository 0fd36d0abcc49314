"""People, teams, tokens and one's own membership as pages. The rules are the services'; the pages show them in place."""

from __future__ import annotations

import re
from typing import Any

import pytest

from apps.core import scopes
from tests.dashboard.places.test_settings import audited, membership, words
from tests.dashboard.reading import browser
from tests.people import People, actor, make_application, make_cluster, make_environments

pytestmark = pytest.mark.usefixtures("transactional_database")  # a refusal rolls its transaction back


def test_a_team_is_made_filled_given_a_grant_and_ended(people: People) -> None:
    ana = actor(people.ana, people.acme)
    make_environments(ana, [make_cluster(ana)])
    make_application(ana, slug="shop", name="Shop")
    client = browser(people.ada)
    made = client.post("/o/acme/settings/teams/", {"name": "Payments", "slug": "payments"})
    assert made["Location"] == "/o/acme/settings/teams/payments/"
    path = made["Location"]
    again = client.post("/o/acme/settings/teams/", {"name": "Payments", "slug": "payments"})
    assert (again.status_code, "There is a team called payments already." in words(again)) == (409, True)
    vic = str(membership(people, "vic").id)
    assert client.post(path, {"act": "add", "member": vic}).status_code == 302
    asked = {"act": "grant", "right": "deploy", "application": "shop", "environment": "production"}
    assert client.post(path, asked).status_code == 302
    page = words(client.get(path))
    assert "Deploy Shop in production" in page
    assert f'id="in-team-{vic}"' in page
    own = {"act": "add", "member": str(membership(people, "ada").id)}
    assert client.post(path, own).status_code == 403
    person = words(client.get(f"/o/acme/settings/people/{vic}/"))
    assert "by being in Payments · given by Ada" in person
    grant = re.search(r'name="grant" value="([\w-]+)"', page)
    assert grant is not None
    assert client.post(path, {"act": "take", "grant": grant[1]}).status_code == 302
    assert client.post(path, {"act": "take-out", "member": vic}).status_code == 302
    assert client.post(path, {"act": "rename", "name": "Money"}).status_code == 302
    assert client.post(path, {"act": "delete"})["Location"] == "/o/acme/settings/teams/"
    with scopes.organization(people.acme.id):
        assert [entry[0] for entry in audited()] == [
            "team.create",
            "team.add",
            "grant.give",
            "access.refused",
            "grant.take",
            "team.remove",
            "team.rename",
            "team.delete",
        ]


def test_the_people_page_answers_why_somebody_may(people: People) -> None:
    ana = actor(people.ana, people.acme)
    make_environments(ana, [make_cluster(ana)])
    client = browser(people.ada)
    query = {"person": "vic@acme.example", "action": "start", "object": "production"}
    page = words(client.get("/o/acme/settings/people/", query))
    assert "<b>Vic may not start a rollout (in production).</b>" in page
    assert "<li>Role: viewer does not let them start a rollout.</li>" in page
    nobody = words(client.get("/o/acme/settings/people/", {**query, "person": "no@acme.example"}))
    assert "There is no such member." in nobody
    nowhere = words(client.get("/o/acme/settings/people/", {**query, "object": "mars"}))
    assert "There is no application or environment of that name." in nowhere


def test_somebody_is_suspended_and_restored(people: People) -> None:
    client = browser(people.ada)
    path = f"/o/acme/settings/people/{membership(people, 'bo').id}/"
    assert client.post(path, {"act": "suspend", "why": "left"}).status_code == 302
    assert "Ada suspended Bo" in words(client.get(path))
    assert '<span class="tag">suspended</span>' in words(client.get("/o/acme/settings/people/"))
    refused = browser(people.bo).get("/o/acme/")
    assert (refused.status_code, "Your membership of Acme is suspended." in words(refused)) == (403, True)
    assert client.post(path, {"act": "restore"}).status_code == 302
    assert browser(people.bo).get("/o/acme/").status_code == 200


def test_ownership_is_offered_confirmed_and_the_giver_may_leave(people: People) -> None:
    ana, dee = browser(people.ana), browser(people.dee)
    own = "/o/acme/settings/membership/"
    assert "The last owner cannot leave; make somebody else an owner first." in words(ana.get(own))
    path = f"/o/acme/settings/people/{membership(people, 'dee').id}/"
    assert ana.post(path, {"act": "offer", "giver_becomes": "viewer"}).status_code == 302
    assert "Ana hands the ownership over to you" in words(dee.get(own))
    assert "hands the ownership over" not in words(browser(people.bo).get(own))
    assert browser(people.bo).post(own, {"act": "accept"}).status_code == 403
    assert dee.post(own, {"act": "accept"}).status_code == 302
    assert (membership(people, "dee").role, membership(people, "ana").role) == ("owner", "viewer")
    assert ana.post(own, {"act": "leave"}).status_code == 302
    assert ana.get("/o/acme/").status_code == 404


def test_a_service_account_gets_a_token_that_works_from_a_network_for_so_many_days(people: People) -> None:
    client = browser(people.ana)
    made = client.post("/o/acme/settings/people/service-account/", {"name": "robot", "role": "developer"})
    path = made["Location"]
    assert "a service account: it acts by" in words(client.get(path))
    account = path.rstrip("/").rpartition("/")[2]
    tokens = "/o/acme/settings/tokens/"
    assert client.post(f"{tokens}days/", {"days": "60"}).status_code == 302
    body: dict[str, Any] = {"name": "ci", "days": "60", "account": account, "scopes": ["read"]}
    never = client.post(tokens, {**body, "days": "", "addresses": ""})
    assert (never.status_code, "Choose one of these." in words(never)) == (422, True)
    wrong = client.post(tokens, {**body, "addresses": "everywhere"})
    assert "“everywhere” is no address or network" in words(wrong)
    shown = words(client.post(tokens, {**body, "addresses": "127.0.0.0/8\r\n10.0.0.0/8"}))
    secret = re.search(r"slp_[\w-]{40,}", shown)
    assert secret is not None
    headers = {"Authorization": f"Bearer {secret[0]}"}
    from django.test import Client

    answer = Client().get("/api/v1/organizations/acme/", headers=headers)
    assert (answer.status_code, answer.json()["role"]) == (200, "developer")
    everybody = words(client.get(f"{tokens}?whose=everybody"))
    assert "from 127.0.0.0/8, 10.0.0.0/8" in everybody
    assert "127.0.0.1" in everybody
