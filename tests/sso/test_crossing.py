"""Two organizations, two providers, people in both: whoever runs one provider reaches nothing of the other's."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps.audit.services import By
from apps.core import scopes
from apps.core.problems import Invalid
from tests.people import PASSWORD, People, actor
from tests.sso.provider import Provider, connect, go, own_domain

pytestmark = pytest.mark.django_db


def _opens(client: Client, slug: str) -> int:
    return int(client.get(f"/o/{slug}/activity/").status_code)


def _linked(people: People, organization: Any, owner: Any, provider: Provider) -> tuple[Any, str]:
    """Bo, linked to a connection of this organization; what he signs in by there."""
    connection = connect(owner, organization, provider)
    login = provider.hire("bo@acme.example", sub="the-same-subject")
    client = Client()
    assert client.login(username=people.bo.email, password=PASSWORD)
    assert go(client, organization, connection, provider, login).status_code == 302
    return connection, login


@pytest.fixture
def both(people: People) -> People:
    from apps.organizations.choices import Role
    from apps.organizations.services import add_member

    add_member(By("operator", "the tests"), people.globex, people.bo, Role.VIEWER)
    return people


def test_a_session_of_one_connection_opens_its_own_organization_alone(
    both: People, globex_provider: Provider
) -> None:
    """Globex runs the provider that says who Bo is. It gets into Globex as Bo, and not into Acme."""
    connection, login = _linked(both, both.globex, both.gil, globex_provider)
    client = Client()
    go(client, both.globex, connection, globex_provider, login)
    assert client.session["_auth_user_id"] == str(both.bo.pk)
    assert _opens(client, "globex") == 200
    refused = client.get("/o/acme/activity/")
    assert refused.status_code == 403
    assert "another organization&#x27;s single sign-on" in refused.content.decode()
    assert client.get("/api/v1/organizations/acme/applications/").status_code == 403
    assert client.get("/api/v1/organizations/globex/applications/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/account/password/",
        "/accounts/password/change/",
        "/operator/",
        "/join/x/",
        "/accounts/email/",
    ],
)
def test_such_a_session_does_nothing_to_the_account(
    path: str, both: People, globex_provider: Provider
) -> None:
    connection, login = _linked(both, both.globex, both.gil, globex_provider)
    type(both.bo).objects.filter(pk=both.bo.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    go(client, both.globex, connection, globex_provider, login)
    for answer in (client.get(path), client.post(path, {"name": "Mallory"})):
        assert answer.status_code == 403
        assert "opens that organization and not your account" in answer.content.decode()
    own = Client()
    assert own.login(username=both.bo.email, password=PASSWORD)
    assert own.get("/account/").status_code == 200


def test_the_persons_own_password_opens_the_rest(both: People, globex_provider: Provider) -> None:
    connection, login = _linked(both, both.globex, both.gil, globex_provider)
    client = Client()
    go(client, both.globex, connection, globex_provider, login)
    assert _opens(client, "acme") == 403
    client.post("/accounts/reauthenticate/", {"password": "not it"})
    assert _opens(client, "acme") == 403
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert (_opens(client, "acme"), _opens(client, "globex")) == (200, 200)


def test_a_second_connection_that_claims_subject_and_address_reaches_nobody(
    people: People, acme_provider: Provider, globex_provider: Provider
) -> None:
    """Gil owns Globex, runs its provider, and has it say everything that Acme's says of Bo."""
    _linked(people, people.acme, people.ana, acme_provider)
    forged = connect(people.gil, people.globex, globex_provider)
    login = globex_provider.hire("bo@acme.example", sub="the-same-subject")
    client = Client()
    answer = go(client, people.globex, forged, globex_provider, login)
    assert answer.status_code == 403
    assert "_auth_user_id" not in client.session
    own_domain(people.gil, people.globex, "acme.example")  # even then: Bo is there already, and stays Bo's
    assert go(client, people.globex, forged, globex_provider, login).status_code == 409
    assert "_auth_user_id" not in client.session
    assert [account.user for account in SocialAccount.objects.all()] == [people.bo]


def test_a_provider_cannot_be_set_up_as_another_ones_issuer(
    people: People, acme_provider: Provider, globex_provider: Provider
) -> None:
    from apps.organizations.connections import services

    globex_provider.control(metadata={"issuer": acme_provider.address})
    try:
        with pytest.raises(Invalid, match="whose metadata would be at another address"):
            services.read_metadata(globex_provider.address)
    finally:
        globex_provider.control(metadata={"issuer": globex_provider.address})


def test_a_token_of_another_issuer_is_refused_whatever_the_metadata_says_today(
    people: People, acme_provider: Provider, globex_provider: Provider
) -> None:
    connection = connect(people.gil, people.globex, globex_provider, issuer=acme_provider.address)
    own_domain(people.gil, people.globex, "new.example")
    client = Client()
    answer = go(client, people.globex, connection, globex_provider, globex_provider.hire("nia@new.example"))
    assert answer.status_code == 503
    assert "_auth_user_id" not in client.session


def test_the_same_provider_behind_two_connections_is_two_people_apart(
    both: People, acme_provider: Provider
) -> None:
    """One issuer, one subject, two organizations, as with a provider of the whole world."""
    _, login = _linked(both, both.acme, both.ana, acme_provider)
    second = connect(both.gil, both.globex, acme_provider)
    client = Client()
    assert go(client, both.globex, second, acme_provider, login).status_code == 403
    assert "_auth_user_id" not in client.session


def test_a_session_of_a_connection_links_no_other_one(
    both: People, acme_provider: Provider, globex_provider: Provider
) -> None:
    """Else Gil, as Bo, would link himself to Bo at Acme's own provider."""
    connection, login = _linked(both, both.globex, both.gil, globex_provider)
    acmes = connect(both.ana, both.acme, acme_provider)
    client = Client()
    go(client, both.globex, connection, globex_provider, login)
    answer = go(client, both.acme, acmes, acme_provider, acme_provider.hire("gil@acme.example"))
    assert answer.status_code == 403
    assert SocialAccount.objects.filter(provider=acmes.key).count() == 0


def test_who_is_no_member_links_nothing(people: People, acme_provider: Provider) -> None:
    connection = connect(people.ana, people.acme, acme_provider)
    client = Client()
    assert client.login(username=people.gil.email, password=PASSWORD)
    answer = go(client, people.acme, connection, acme_provider, acme_provider.hire("gil@globex.example"))
    assert answer.status_code == 403
    assert not SocialAccount.objects.exists()


def test_an_answer_for_one_person_is_none_for_the_next_at_the_same_browser(
    people: People, acme_provider: Provider
) -> None:
    connection = connect(people.ana, people.acme, acme_provider)
    client = Client()
    assert client.login(username=people.bo.email, password=PASSWORD)
    start = client.post("/sso/acme/", {"connection": connection.key})
    session = client.session
    states = session["socialaccount_states"]
    assert client.login(username=people.dee.email, password=PASSWORD)
    session = client.session
    session["socialaccount_states"] = states
    session.save()
    answer = acme_provider.sign_in(client, start, acme_provider.hire("bo@acme.example"))
    assert answer.status_code == 403
    assert not SocialAccount.objects.exists()


def test_a_state_of_one_connection_is_none_for_another(
    people: People, acme_provider: Provider, globex_provider: Provider
) -> None:
    """The mix-up: an answer of Globex's provider at the address of Acme's connection."""
    acmes = connect(people.ana, people.acme, acme_provider)
    connect(people.gil, people.globex, globex_provider)
    client = Client()
    start = client.post("/sso/acme/", {"connection": acmes.key})
    state = start["Location"].partition("state=")[2].partition("&")[0]
    assert state
    others = connect(people.gil, people.globex, globex_provider)
    answer = client.get(f"/accounts/oidc/{others.key}/login/callback/?state={state}&code=x")
    assert answer.status_code == 503
    assert client.get("/accounts/oidc/nobody/login/callback/?state=x&code=x").status_code == 404


def test_a_draft_lets_nobody_in(people: People, acme_provider: Provider) -> None:
    connection = connect(people.ana, people.acme, acme_provider, on=False)
    own_domain(people.ana, people.acme, "new.example")
    assert Client().post("/sso/acme/", {"connection": connection.key}).status_code == 404


def test_a_connection_that_is_switched_off_closes_what_it_opened(
    people: People, acme_provider: Provider
) -> None:
    from django.utils import timezone

    from apps.organizations.connections import services
    from apps.organizations.models import Connection

    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "new.example")
    client = Client()
    go(client, people.acme, connection, acme_provider, acme_provider.hire("nia@new.example"))
    assert _opens(client, "acme") == 200
    ana = actor(people.ana, people.acme)
    with scopes.organization(people.acme.id):
        services.switch_off(ana, connection.id)
    assert _opens(client, "acme") == 403
    with scopes.organization(people.acme.id):
        Connection.objects.filter(id=connection.id).update(tested_at=timezone.now())
        services.switch_on(ana, connection.id)
    assert _opens(client, "acme") == 403  # what it opened before stays shut


def test_an_identity_that_is_unlinked_closes_what_it_opened(people: People, acme_provider: Provider) -> None:
    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "new.example")
    client = Client()
    go(client, people.acme, connection, acme_provider, acme_provider.hire("nia@new.example"))
    SocialAccount.objects.all().delete()
    assert _opens(client, "acme") == 403
