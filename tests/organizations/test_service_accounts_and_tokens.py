"""Service accounts act by tokens alone; tokens are bound to networks and days; suspended members are shut out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core import scopes
from apps.core.problems import Invalid, NotFound
from tests.people import People, actor
from tests.signing_in.browsers import signed_in


def _get(secret: str, path: str = "", **extra: Any) -> Any:
    return Client().get(
        f"/api/v1/organizations/acme/{path}", headers={"Authorization": f"Bearer {secret}"}, **extra
    )


def _token(people: People, user: Any, *token_scopes: str, **more: Any) -> Any:
    from apps.organizations.services import create_token

    with scopes.organization(people.acme.id):
        by = actor(user, people.acme)
        return create_token(by, name="t", token_scopes=token_scopes or ["read"], **more)


def _account(people: People, role: str = "releaser") -> Any:
    from apps.organizations.services import create_service_account

    with scopes.organization(people.acme.id):
        return create_service_account(actor(people.ana, people.acme), name="robot", role=role)


def test_a_service_account_acts_by_its_token_and_opens_nothing_else(people: People) -> None:
    account = _account(people)
    shown = _token(people, people.ana, "read", "deploy", account_id=account.id)
    answer = _get(shown.secret)
    assert (answer.status_code, answer.json()["role"]) == (200, "releaser")
    assert answer.json()["rights"]["approve"] == "This token's scopes do not let it approve."
    with pytest.raises(NotFound):
        actor(account.user, people.acme)
    browser = Client()
    browser.force_login(account.user)
    assert browser.get("/api/v1/organizations/acme/").status_code == 404
    assert not account.user.has_usable_password()


def test_a_service_account_approves_nothing_whatever_it_was_given(people: People) -> None:
    shown = _token(people, people.ana, "approve", "read", account_id=_account(people).id)
    rights = _get(shown.secret).json()["rights"]
    assert rights["approve"] == "A service account cannot approve; a person does."


def test_a_removed_service_account_is_gone_with_its_tokens(people: People) -> None:
    from apps.organizations.services import remove_member

    account = _account(people)
    shown = _token(people, people.ana, account_id=account.id)
    with scopes.organization(people.acme.id):
        remove_member(actor(people.ana, people.acme), account.id)
    assert _get(shown.secret).status_code == 401


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        (["10.1.0.0/16"], "10.1.2.3", 200),
        (["10.1.0.0/16"], "10.2.0.1", 401),
        (["203.0.113.7"], "203.0.113.7", 200),
        (["2001:db8::/32"], "2001:db8::1", 200),
        (["2001:db8::/32"], "10.1.2.3", 401),
        (["10.1.0.0/16"], "::ffff:10.1.2.3", 200),
        (["10.1.0.0/16", "192.0.2.1"], "192.0.2.1", 200),
        (["10.1.0.0/16"], "", 401),
    ],
)
def test_a_token_works_only_from_its_networks(
    people: People, valkey: str, networks: list[str], address: str, status: int
) -> None:
    from django.core.cache import cache

    from apps.audit.models import AuditEntry

    cache.clear()
    shown = _token(people, people.dee, addresses=networks)
    answer = _get(shown.secret, REMOTE_ADDR=address)
    assert answer.status_code == status
    with scopes.organization(people.acme.id):
        shown.row.refresh_from_db()
    assert shown.row.last_used_address == (address if status == 200 else "")
    if status == 401:
        assert "not for use from" in answer.json()["detail"]
        _get(shown.secret, REMOTE_ADDR=address)  # in a loop it fills no audit
    with scopes.organization(people.acme.id):
        assert AuditEntry.objects.filter(action="token.astray").count() == (status == 401)


@pytest.mark.parametrize("wrong", ["10.1.0.1/16", "everywhere", "10.1.0.0/33", "1.2.3.4, 5.6.7.8", ""])
def test_what_is_no_network_is_refused_in_words(people: People, wrong: str) -> None:
    with pytest.raises(Invalid, match="is no address or network") as refused:
        _token(people, people.dee, addresses=[wrong])
    assert list(refused.value.fields) == ["addresses"]


def test_where_the_organization_limits_days_every_token_runs_out_in_them(people: People) -> None:
    from apps.organizations.services import set_token_days

    ever = _token(people, people.dee)
    with scopes.organization(people.acme.id):
        set_token_days(actor(people.ana, people.acme), 30)
        ever.row.refresh_from_db()
    assert timedelta(days=29) < ever.row.expires_at - timezone.now() <= timedelta(days=30)
    for expires in (None, timezone.now() + timedelta(days=31)):
        with pytest.raises(Invalid, match="run out after at most 30 days") as refused:
            _token(people, people.dee, expires_at=expires)
        assert list(refused.value.fields) == ["days"]
    assert _token(people, people.dee, expires_at=timezone.now() + timedelta(days=30)).row.expires_at


def test_a_suspended_member_is_shut_out_at_once_and_restored_as_they_were(people: People) -> None:
    from apps.organizations.models import Membership

    bo = _token(people, people.bo)
    with scopes.organization(people.acme.id):
        member = Membership.objects.get(user_id=people.bo.pk).id
    ana = signed_in(people.ana)
    address = f"/api/v1/organizations/acme/members/{member}/suspension/"
    put = ana.put(address, json.dumps({"why": "left a laptop in a train"}), content_type="application/json")
    assert (put.status_code, put.json()["suspended_by"]) == (200, "Ana")
    refused = _get(bo.secret)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:slipway:problem:suspended")
    browser = Client()
    browser.force_login(people.bo)
    assert browser.get("/api/v1/organizations/acme/rollouts/").status_code == 403
    assert browser.get("/api/v1/organizations/").json()["items"] == []
    page = browser.get("/acme/")
    assert page.status_code in {403, 404}
    assert ana.delete(address).json()["role"] == "releaser"
    assert _get(bo.secret).status_code == 200


def test_open_sockets_of_a_suspended_member_are_lost(people: People) -> None:
    from apps.live.rights import Seat, lost
    from apps.organizations.models import Membership
    from apps.organizations.services import restore_member, suspend_member

    token = _token(people, people.bo)
    seat = Seat(people.bo.pk, people.acme.id, token_id=token.row.id)
    assert lost([seat]) == {}
    ana = actor(people.ana, people.acme)
    with scopes.organization(people.acme.id):
        member = Membership.objects.get(user_id=people.bo.pk).id
        suspend_member(ana, member)
    assert [loss.why for loss in lost([seat]).values()] == ["You no longer belong to this organization."]
    with scopes.organization(people.acme.id):
        restore_member(ana, member)
    assert lost([seat]) == {}
