"""The owner's pages: a connection, its domains, its mapping. What is wrong stands beside its field."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from apps.core import scopes
from slipway.adapters.names import GivenTextRecords
from tests.people import PASSWORD, People
from tests.sso.provider import Provider, connect

pytestmark = pytest.mark.django_db

_LIST = "/o/acme/settings/connections/"


@pytest.fixture
def owner(people: People) -> Client:
    client = Client()
    assert (
        client.post("/accounts/login/", {"login": people.ana.email, "password": PASSWORD}).status_code == 302
    )
    return client


def _rows(people: People, model: str) -> list[Any]:
    from django.apps import apps

    with scopes.organization(people.acme.id):
        return list(apps.get_model("organizations", model).objects.all())


def _form(provider: Provider, **more: str) -> dict[str, str]:
    return {
        "name": "Keycloak",
        "metadata_url": provider.address,
        "client_id": "slipway",
        "secret": "s3cret-of-acme",
        **more,
    }


def test_a_connection_begins_as_a_draft_with_its_secret_sealed(
    owner: Client, people: People, acme_provider: Provider
) -> None:
    from apps.organizations.connections.finding import open_secret

    answer = owner.post(f"{_LIST}new/", _form(acme_provider))
    (row,) = _rows(people, "Connection")
    assert answer["Location"] == f"{_LIST}{row.id}/"
    assert (row.status, row.issuer, row.authorization_origin) == (
        "draft",
        acme_provider.address,
        acme_provider.address,
    )
    assert b"s3cret" not in bytes(row.secret)
    assert open_secret(row) == "s3cret-of-acme"
    page = owner.get(answer["Location"]).content.decode()
    assert f"/accounts/oidc/{row.key}/login/callback/" in page
    assert "s3cret" not in page
    assert len(row.key) == 32
    assert row.key not in owner.get(_LIST).content.decode()


def test_a_sealed_secret_opens_under_its_own_connection_alone(
    people: People, acme_provider: Provider
) -> None:
    from cryptography.exceptions import InvalidTag

    from apps.organizations.connections.finding import open_secret

    mine, other = (connect(people.ana, people.acme, acme_provider) for _ in range(2))
    other.secret = mine.secret
    with pytest.raises(InvalidTag):
        open_secret(other)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"metadata_url": "http://127.0.0.1:1"}, "Nothing answers there"),
        ({"metadata_url": "https://in_side.example/"}, "is no public address"),
        ({"metadata_url": "javascript:alert(1)"}, "An address starts with https://"),
        ({"metadata_url": "https://a@b.example/"}, "An address starts with https://"),
        ({"name": ""}, "A name has 1 to 40 characters."),
        ({"secret": ""}, "As the provider shows it"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_made(
    wrong: dict[str, str], sentence: str, owner: Client, people: People, acme_provider: Provider
) -> None:
    answer = owner.post(f"{_LIST}new/", _form(acme_provider, **wrong))
    assert answer.status_code == 422
    said = unescape(" ".join(re.findall(r'class="mistake"[^>]*>([^<]*)<', answer.content.decode())))
    assert sentence in said
    assert _rows(people, "Connection") == []


def test_a_domain_is_the_organizations_once_the_name_system_shows_its_own_proof(
    owner: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.organizations.connections import services

    records: dict[str, list[str]] = {}
    monkeypatch.setattr(
        services, "text_records", lambda: GivenTextRecords(records, silent=["_slipway.slow.example"])
    )
    assert owner.post(_LIST, {"act": "add-domain", "domain": "not a domain"}).status_code == 422
    assert owner.post(_LIST, {"act": "add-domain", "domain": "Acme.Example."}).status_code == 302
    (row,) = _rows(people, "VerifiedDomain")
    assert (row.domain, row.verified_at) == ("acme.example", None)
    check = {"act": "check-domain", "id": str(row.id)}
    records["_slipway.acme.example"] = ["slipway-domain=another-organizations"]
    assert owner.post(_LIST, check).status_code == 422
    assert _rows(people, "VerifiedDomain")[0].verified_at is None
    records["_slipway.acme.example"].append(row.proof)
    assert owner.post(_LIST, check).status_code == 302
    assert _rows(people, "VerifiedDomain")[0].verified_at is not None
    records.clear()  # sold since
    assert owner.post(_LIST, check).status_code == 422
    assert _rows(people, "VerifiedDomain")[0].verified_at is None
    owner.post(_LIST, {"act": "add-domain", "domain": "slow.example"})
    slow = next(row for row in _rows(people, "VerifiedDomain") if row.domain == "slow.example")
    assert owner.post(_LIST, {"act": "check-domain", "id": str(slow.id)}).status_code == 409


def test_two_organizations_prove_the_same_domain_each_for_itself(people: People) -> None:
    from apps.organizations.connections import services
    from tests.people import actor

    proofs = set()
    for person, organization in ((people.ana, people.acme), (people.gil, people.globex)):
        whom = actor(person, organization)
        with scopes.organization(organization.id):
            proofs.add(services.add_domain(whom, domain="shared.example").proof)
    assert len(proofs) == 2


def test_the_mapping_is_kept_and_its_mistakes_are_said(
    owner: Client, people: People, acme_provider: Provider
) -> None:
    row = connect(people.ana, people.acme, acme_provider)
    page = f"{_LIST}{row.id}/"
    good = {"act": "mapping", "default_role": "viewer", "groups_claim": "groups", "teams": ""}
    assert owner.post(page, {**good, "roles": "a = b = admin\nops = releaser"}).status_code == 302
    (row,) = _rows(people, "Connection")
    assert (row.role_of_group, row.admits_new) == ({"a = b": "admin", "ops": "releaser"}, False)
    for wrong, sentence in (
        ({"roles": "boss = owner"}, "is no role that a group can bring"),
        ({"roles": "boss"}, "is not: group = what it brings."),
        ({"roles": "", "teams": "x = nobody"}, "There is no team nobody."),
        ({"roles": "", "default_role": "owner"}, "makes nobody an owner"),
    ):
        answer = owner.post(page, {**good, **wrong})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    assert _rows(people, "Connection")[0].role_of_group == {"a = b": "admin", "ops": "releaser"}


def test_another_organizations_connection_is_not_there(
    people: People, owner: Client, globex_provider: Provider
) -> None:
    theirs = connect(people.gil, people.globex, globex_provider)
    page = f"{_LIST}{theirs.id}/"
    for answer in (
        lambda: owner.get(page),
        lambda: owner.get(f"{page}test/"),
        lambda: owner.post(page, {"act": "off"}),
        lambda: owner.post(f"{page}test/"),
    ):
        with transaction.atomic():  # the door undoes what a refused request did
            assert answer().status_code == 404
            transaction.set_rollback(True)
    with scopes.organization(people.globex.id):
        theirs.refresh_from_db()
    assert theirs.status == "on"
