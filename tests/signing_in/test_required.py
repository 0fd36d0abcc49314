"""An organization that requires a second factor opens to who has shown one, on every face, and to nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core import scopes
from tests.people import People
from tests.signing_in.browsers import FACTORS, audited, set_up_app, signed_in, words
from tests.tenancy.world import token

pytestmark = pytest.mark.usefixtures("transactional_database")  # a refusal rolls its transaction back

SETTINGS = "/o/acme/settings/second-factor/"
ROLES = ("ana", "bo", "dee", "ada", "olu", "vic")


def require(organization: Any, *, days: int = 0) -> None:
    from apps.organizations.models import Organization

    with scopes.organization(organization.id):
        Organization.objects.update(second_factor_from=timezone.now() + timedelta(days=days))


@pytest.mark.parametrize("role", ROLES)
def test_whatever_the_role_a_session_without_one_meets_the_step_up_page_and_nothing_else(
    people: People, role: str
) -> None:
    require(people.acme)
    client = signed_in(getattr(people, role))
    for path in ("/o/acme/", "/o/acme/rollouts/", "/o/acme/settings/tokens/", "/o/acme/nothing-like-it/"):
        answer = client.get(path)
        if path.endswith("like-it/"):
            assert answer.status_code == 404
            continue
        assert answer.status_code == 403
        assert "Acme requires a second factor, and this session has not shown one." in words(answer)
        assert f'href="{FACTORS}"' in answer.content.decode(), "the way to set one up"
    answer = client.get("/api/v1/organizations/acme/members/")
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:slipway:problem:step-up"
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_who_sets_one_up_is_let_in_right_after_and_the_next_time_by_its_code(
    people: People, role: str
) -> None:
    require(people.acme)
    person = getattr(people, role)
    client = signed_in(person)
    app = set_up_app(client)
    assert client.get("/o/acme/").status_code == 200
    assert client.get("/api/v1/organizations/acme/members/").status_code == 200
    again = signed_in(person)
    assert again.post(f"{FACTORS}code/", {"code": app.code()}).status_code == 302
    assert again.get("/o/acme/").status_code == 200


def test_who_has_one_and_has_not_shown_it_in_this_session_is_asked_for_it_there(people: People) -> None:
    client = signed_in(people.bo)
    elsewhere = signed_in(people.bo)  # before there was one
    app = set_up_app(client)
    require(people.acme)
    page = elsewhere.get("/o/acme/rollouts/")
    assert page.status_code == 403
    assert f'href="{FACTORS}code/again/?next=/o/acme/rollouts/"' in page.content.decode()
    answer = elsewhere.post(f"{FACTORS}code/again/?next=/o/acme/rollouts/", {"code": app.code()})
    assert (answer.status_code, answer["Location"]) == (302, "/o/acme/rollouts/")
    assert elsewhere.get("/o/acme/rollouts/").status_code == 200


def test_until_its_day_it_asks_nothing(people: People) -> None:
    require(people.acme, days=7)
    assert signed_in(people.bo).get("/o/acme/").status_code == 200


def test_another_organization_of_the_same_person_opens_as_before(people: People) -> None:
    from apps.audit.services import By
    from apps.organizations.choices import Role
    from apps.organizations.services import add_member

    add_member(By("operator", "the test"), people.globex, people.bo, Role.VIEWER)
    require(people.acme)
    client = signed_in(people.bo)
    assert client.get("/o/acme/").status_code == 403
    assert client.get("/o/globex/").status_code == 200


def test_a_stranger_learns_nothing_of_what_it_requires(people: People) -> None:
    require(people.acme)
    assert signed_in(people.gil).get("/o/acme/").status_code == 404


def test_a_token_works_while_its_person_has_one_and_else_says_so_in_words(people: People) -> None:
    bearer = {"Authorization": f"Bearer {token(people.bo, people.acme)}"}
    url = "/api/v1/organizations/acme/members/"
    require(people.acme)
    refused = Client().get(url, headers=bearer)
    assert refused.status_code == 403
    assert refused.json()["detail"] == (
        "Acme requires a second factor, and the person of this token has none. "
        "It works again once they have set one up, at /accounts/second-factor/."
    )
    set_up_app(signed_in(people.bo))
    assert Client().get(url, headers=bearer).status_code == 200


def test_taking_the_last_one_away_shuts_the_organization_again(people: People) -> None:
    require(people.acme)
    client = signed_in(people.bo)
    set_up_app(client)
    assert client.post(f"{FACTORS}app/remove/").status_code == 302
    assert client.get("/o/acme/").status_code == 403


def test_open_sockets_are_lost_when_it_comes_into_force_and_those_that_showed_one_stay(
    people: People,
) -> None:
    from django.conf import settings

    from apps.core.problems import Forbidden
    from apps.live.rights import Knock, lost, take_seat

    def knock(client: Client) -> Knock:
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        return Knock("acme", {settings.SESSION_COOKIE_NAME: key}, None, "192.0.2.7")

    plain, shown = signed_in(people.dee), signed_in(people.bo)
    set_up_app(shown)
    seats = [take_seat(knock(client))[1] for client in (plain, shown)]
    by_token = [
        take_seat(Knock("acme", {}, token(person, people.acme), ""))[1] for person in (people.dee, people.bo)
    ]
    assert lost([*seats, *by_token]) == {}
    require(people.acme)
    gone = lost([*seats, *by_token])
    assert set(gone) == {seats[0], by_token[0]}
    assert gone[seats[0]].why == "This organization requires a second factor, which has not been shown."
    assert not gone[seats[0]].signed_out
    with pytest.raises(Forbidden, match="Acme requires a second factor"):
        take_seat(knock(plain))
    assert take_seat(knock(shown))[0].role == "releaser"


@pytest.mark.parametrize("role", ["bo", "dee", "ada", "olu", "vic"])
def test_only_an_owner_requires_it(people: People, role: str) -> None:
    client = signed_in(getattr(people, role))
    set_up_app(client)
    assert client.post(SETTINGS, {"after_days": "0"}).status_code == 403
    assert audited(people.acme, "organization.second-factor") == []
    assert signed_in(people.olu if role != "olu" else people.vic).get("/o/acme/").status_code == 200


def test_an_owner_shows_their_own_first_then_requires_it_and_takes_it_back(people: People) -> None:
    client = signed_in(people.ana)
    refused = client.post(SETTINGS, {"after_days": "0"})
    assert refused.status_code == 422
    assert "Show your own second factor first" in words(refused)
    set_up_app(client)
    assert client.post(SETTINGS, {"after_days": "0"}).status_code == 302
    page = words(client.get(SETTINGS))
    assert "Required since" in page
    assert "5 of 6" in page
    assert "bo@acme.example" in page
    assert "ana@acme.example" not in page.partition("Members without one")[2]
    other = signed_in(people.bo)
    assert other.get("/o/acme/").status_code == 403
    assert client.post(SETTINGS, {"after_days": ""}).status_code == 302
    assert other.get("/o/acme/").status_code == 200
    changes = audited(people.acme, "organization.second-factor")
    assert [(who, after["required_from"] is None) for who, after in changes] == [
        ("Ana", False),
        ("Ana", True),
    ]
