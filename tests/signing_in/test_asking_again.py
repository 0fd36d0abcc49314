"""A session left open does nothing dangerous: who signed in more than 15 minutes ago is asked again first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from apps.core import scopes
from tests.people import PASSWORD, People
from tests.signing_in.browsers import FACTORS, set_up_app, signed_in, words

pytestmark = pytest.mark.usefixtures("transactional_database")

TOKENS = "/o/acme/settings/tokens/"
NEW_TOKEN = {"name": "ci", "days": "30", "scopes": ["read"]}


def grow_old(client: Client, seconds: float) -> None:
    """What the session has shown, it has shown so much earlier."""
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= seconds
    session.save()


def tokens(organization: Any) -> int:
    from apps.organizations.models import ApiToken

    with scopes.organization(organization.id):
        return int(ApiToken.objects.count())


def test_right_after_signing_in_nobody_is_asked(people: People) -> None:
    client = signed_in(people.bo)
    grow_old(client, 14 * 60)
    assert client.post(TOKENS, NEW_TOKEN).status_code == 200
    assert tokens(people.acme) == 1


def test_a_quarter_of_an_hour_later_one_is_asked_first_and_goes_on_from_there(people: People) -> None:
    client = signed_in(people.bo)
    grow_old(client, 15 * 60 + 1)
    assert client.get(TOKENS).status_code == 200
    answer = client.post(TOKENS, NEW_TOKEN)
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/accounts/reauthenticate/?next={TOKENS.replace('/', '%2F')}",
    )
    assert tokens(people.acme) == 0
    assert "Is it still you?" in words(client.get(answer["Location"]))
    wrong = client.post(answer["Location"], {"password": "not mine"})
    assert wrong.status_code == 200
    assert client.post(TOKENS, NEW_TOKEN).status_code == 302
    right = client.post(answer["Location"], {"password": PASSWORD})
    assert (right.status_code, right["Location"]) == (302, TOKENS)
    assert client.post(TOKENS, NEW_TOKEN).status_code == 200
    assert tokens(people.acme) == 1


def test_a_code_answers_the_question_too(people: People) -> None:
    client = signed_in(people.bo)
    app = set_up_app(client)
    grow_old(client, 16 * 60)
    assert client.post(TOKENS, NEW_TOKEN).status_code == 302
    assert client.post(f"{FACTORS}code/again/?next={TOKENS}", {"code": app.code()})["Location"] == TOKENS
    assert client.post(TOKENS, NEW_TOKEN).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "people/"),
        ("post", "people/{member}/"),
        ("post", "second-factor/"),
        ("get", "clusters/new/"),
        ("post", "clusters/new/"),
        ("post", "tokens/"),
    ],
)
def test_each_dangerous_act_asks(people: People, method: str, path: str) -> None:
    from apps.organizations.models import Membership

    with scopes.organization(people.acme.id):
        member = Membership.objects.get(user=people.vic).id
    client = signed_in(people.ana)
    grow_old(client, 16 * 60)
    answer = getattr(client, method)(f"/o/acme/settings/{path.format(member=member)}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/?next=")


def test_a_stranger_is_not_asked_but_sent_away(people: People) -> None:
    client = signed_in(people.gil)
    grow_old(client, 16 * 60)
    assert client.post(TOKENS, NEW_TOKEN).status_code == 404


def test_the_api_says_so_to_a_browsers_session_and_not_to_a_token(people: People) -> None:
    from tests.tenancy.world import token

    url, body = "/api/v1/organizations/acme/tokens/", json.dumps({"name": "ci", "scopes": ["read"]})
    client = signed_in(people.bo)
    assert client.post(url, body, content_type="application/json").status_code == 201
    grow_old(client, 16 * 60)
    refused = client.post(url, body, content_type="application/json")
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:slipway:problem:sign-in-again"
    assert refused.json()["detail"] == (
        "You signed in more than 15 minutes ago, which is too long for this. Sign in again, or send a token."
    )
    bearer = {"Authorization": f"Bearer {token(people.bo, people.acme)}"}
    assert Client().post(url, body, content_type="application/json", headers=bearer).status_code == 201


def test_a_press_in_an_open_page_leads_to_the_question(people: People) -> None:
    client = signed_in(people.bo)
    grow_old(client, 16 * 60)
    answer = client.post(TOKENS, NEW_TOKEN, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"].startswith("/accounts/reauthenticate/?next=")


def test_another_persons_sign_in_in_the_same_browser_counts_for_nothing(people: People) -> None:
    client = signed_in(people.bo)
    client.force_login(people.ana)
    assert client.post(TOKENS, NEW_TOKEN).status_code == 302
    assert tokens(people.acme) == 0


def test_who_has_nothing_to_be_asked_for_is_told_to_come_by_single_sign_on_again(people: People) -> None:
    people.bo.set_unusable_password()
    people.bo.save()
    client = Client()
    client.force_login(people.bo)
    answer = client.post(TOKENS, NEW_TOKEN)
    assert answer.status_code == 403
    assert "Sign out, and come by it again." in words(answer)
    assert client.post("/account/address/", {"email": "x@y.example"}).status_code == 403
    assert tokens(people.acme) == 0
