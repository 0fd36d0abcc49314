"""An address counts once it is verified: by an invitation to it, or by a link that reached it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.core import scopes
from tests.people import PASSWORD, People
from tests.signing_in.browsers import audited, signed_in, words

pytestmark = pytest.mark.usefixtures("transactional_database")

ADDRESS = "/account/address/"
NEW = "bo.new@acme.example"


@pytest.fixture
def with_mail(settings: Any) -> Any:
    settings.EMAIL_HOST = "mail.example"
    mail.outbox.clear()
    return settings


def link_in(text: str) -> str:
    found = re.search(r"/account/address/[\w:.-]+/", text)
    assert found, text
    return found[0]


def opens(email: str) -> bool:
    client = Client(REMOTE_ADDR="198.51.100.9")
    return bool(client.post("/accounts/login/", {"login": email, "password": PASSWORD}).status_code == 302)


def person_page(people: People, member: Any) -> str:
    from apps.organizations.models import Membership

    with scopes.organization(people.acme.id):
        return f"/o/acme/settings/people/{Membership.objects.get(user=member).id}/"


def test_the_new_address_counts_when_its_link_was_opened_and_the_old_one_is_told(
    people: People, with_mail: Any
) -> None:
    client = signed_in(people.bo)
    assert client.post(ADDRESS, {"email": "Bo.New@acme.example"}).status_code == 302
    assert [message.to for message in mail.outbox] == [[NEW]]
    assert f"{NEW} waits to be verified" in words(client.get(ADDRESS))
    assert (opens(NEW), opens(people.bo.email)) == (False, True)
    link = link_in(mail.outbox[0].body)
    assert f"Sign in with {NEW} from now on?" in words(client.get(link))
    assert (opens(NEW), opens(people.bo.email)) == (False, True), "looking at it changes nothing"
    assert client.post(link).status_code == 302
    assert (opens(NEW), opens(people.bo.email)) == (True, False)
    assert mail.outbox[1].to == ["bo@acme.example"]
    assert f"with {NEW} from now on" in mail.outbox[1].body
    assert audited(people.acme, "person.address") == [("Bo", NEW)]
    assert audited(people.globex, "person.address") == []
    assert client.post(link).status_code == 404, "it goes once"


def test_the_link_is_nothing_to_anybody_else_and_nothing_to_who_is_not_signed_in(
    people: People, with_mail: Any
) -> None:
    signed_in(people.bo).post(ADDRESS, {"email": NEW})
    link = link_in(mail.outbox[0].body)
    assert Client().get(link)["Location"].startswith("/accounts/login/?next=/account/address/")
    other = signed_in(people.dee)
    other.post(ADDRESS, {"email": NEW})
    for method in (other.get, other.post):
        assert method(link).status_code == 404
    assert not opens(NEW)


def test_a_later_wish_makes_the_earlier_link_worthless_and_so_do_three_days(
    people: People, with_mail: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from apps.organizations.models import AddressChange

    client = signed_in(people.bo)
    client.post(ADDRESS, {"email": "elsewhere@acme.example"})
    client.post(ADDRESS, {"email": NEW})
    first, second = (link_in(message.body) for message in mail.outbox)
    assert client.post(first).status_code == 404
    assert client.get(second).status_code == 200
    AddressChange.objects.update(asked_at=timezone.now() - timedelta(hours=73))
    assert client.post(second).status_code == 404
    assert opens(people.bo.email)


def test_an_address_that_somebody_has_is_asked_for_in_vain_and_is_not_told_apart_before(
    people: People, with_mail: Any
) -> None:
    client = signed_in(people.bo)
    assert client.post(ADDRESS, {"email": "gil@globex.example"}).status_code == 302
    answer = client.post(link_in(mail.outbox[0].body))
    assert answer.status_code == 409
    assert "There is another account with this address already." in words(answer)
    assert opens(people.bo.email)


@pytest.mark.parametrize(
    ("asked", "said"),
    [("nobody", "This is no address."), ("bo@acme.example", "This is your address already.")],
)
def test_what_is_no_other_address_is_said_beside_the_field(people: People, asked: str, said: str) -> None:
    answer = signed_in(people.bo).post(ADDRESS, {"email": asked})
    assert answer.status_code == 422
    assert said in words(answer)


def test_without_mail_an_owner_copies_the_link_and_nobody_else_sees_it(people: People) -> None:
    client = signed_in(people.bo)
    client.post(ADDRESS, {"email": NEW})
    assert "This installation sends no mail" in words(client.get(ADDRESS))
    assert mail.outbox == []
    assert "/account/address/" not in words(signed_in(people.ada).get(person_page(people, people.bo)))
    link = link_in(signed_in(people.ana).get(person_page(people, people.bo)).content.decode())
    assert signed_in(people.ana).post(link).status_code == 404, "it is not the owner's"
    assert client.post(link).status_code == 302
    assert opens(NEW)


def test_without_mail_an_owner_finds_no_link_of_their_own(people: People) -> None:
    client = signed_in(people.ana)
    client.post(ADDRESS, {"email": "ana.new@acme.example"})
    assert "/account/address/" not in client.get(person_page(people, people.ana)).content.decode()


def test_whoever_signed_in_long_ago_is_asked_again_first(people: People) -> None:
    client = Client()
    client.force_login(people.bo)
    assert client.get(ADDRESS).status_code == 200
    assert client.post(ADDRESS, {"email": NEW})["Location"].startswith("/accounts/reauthenticate/?next=")


@pytest.mark.parametrize("path", ["signup/", "email/", "confirm-email/abc/", "password/set/"])
def test_no_page_keeps_an_address_that_is_not_verified_beside_it(people: People, path: str) -> None:
    from allauth.account.models import EmailAddress

    client = signed_in(people.bo)
    answer = client.post(f"/accounts/{path}", {"email": NEW, "action_add": "1"}, follow=True)
    assert answer.status_code in {404, 422, 200}
    assert EmailAddress.objects.count() == 0
    assert not opens(NEW)
