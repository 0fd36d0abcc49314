"""An authenticator app and recovery codes: setting up, signing in, each code once, taking away."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache

from tests.people import People
from tests.signing_in.browsers import FACTORS, audited, set_up_app, sign_in, signed_in, words

pytestmark = pytest.mark.django_db


def is_signed_in(client: Any) -> bool:
    return bool(client.get("/account/").status_code == 200)


def test_who_has_an_app_is_let_in_by_password_and_code_and_not_by_the_password_alone(people: People) -> None:
    app = set_up_app(signed_in(people.bo))
    client = signed_in(people.bo)
    assert not is_signed_in(client)
    assert client.get("/o/acme/").status_code == 302
    assert client.post(f"{FACTORS}code/", {"code": "000000"}).status_code == 200
    assert not is_signed_in(client)
    assert client.post(f"{FACTORS}code/", {"code": app.code()}).status_code == 302
    assert is_signed_in(client)


def test_a_code_opens_no_second_session_not_even_when_the_cache_was_lost(people: People) -> None:
    app = set_up_app(signed_in(people.bo))
    code = app.code()
    first, second = signed_in(people.bo), signed_in(people.bo)
    assert first.post(f"{FACTORS}code/", {"code": code}).status_code == 302
    cache.clear()
    answer = second.post(f"{FACTORS}code/", {"code": code})
    assert "That code is not right, or was used already." in words(answer)
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_the_code_that_set_the_app_up_and_every_older_one_open_nothing(people: People) -> None:
    app = set_up_app(signed_in(people.bo))  # by the code of the step before
    client = signed_in(people.bo)
    assert client.post(f"{FACTORS}code/", {"code": app.code(forth=-1)}).status_code == 200
    assert client.post(f"{FACTORS}code/", {"code": app.code(forth=1)}).status_code == 302
    late = signed_in(people.bo)
    assert late.post(f"{FACTORS}code/", {"code": app.code()}).status_code == 200, "a newer one was used"
    assert not is_signed_in(late)


def test_a_code_of_one_person_is_none_of_anothers(people: People) -> None:
    app = set_up_app(signed_in(people.bo))
    set_up_app(signed_in(people.ana))
    client = signed_in(people.ana)
    client.post(f"{FACTORS}code/", {"code": app.code()})
    assert not is_signed_in(client)


def test_what_is_stored_of_a_factor_is_encrypted(people: People) -> None:
    from allauth.mfa.models import Authenticator

    app = set_up_app(signed_in(people.bo))
    rows = {row.type: row.data for row in Authenticator.objects.filter(user=people.bo)}
    assert set(rows) == {"totp", "recovery_codes"}
    assert app.secret not in str(rows)
    assert len(rows["totp"]["secret"]) > 60
    assert not re.fullmatch(r"[0-9a-f]+", rows["recovery_codes"]["seed"])


def test_recovery_codes_are_shown_once_and_each_goes_once(people: People) -> None:
    client = signed_in(people.bo)
    set_up_app(client)
    page = client.get(f"{FACTORS}recovery-codes/")
    codes = re.findall(r"<li>(\d{8})</li>", page.content.decode())
    assert len(set(codes)) == 10
    assert page["Cache-Control"] == "private, no-store"
    assert f"data:text/plain;charset=utf-8,{codes[0]}%0A" in page.content.decode()
    again = client.get(f"{FACTORS}recovery-codes/")
    assert "They were shown already" in words(again)
    assert not any(code in again.content.decode() for code in codes)
    first, second = signed_in(people.bo), signed_in(people.bo)
    assert first.post(f"{FACTORS}code/", {"code": codes[3]}).status_code == 302
    assert second.post(f"{FACTORS}code/", {"code": codes[3]}).status_code == 200
    assert second.post(f"{FACTORS}code/", {"code": codes[4]}).status_code == 302


def test_taking_the_app_away_signs_out_elsewhere_and_is_in_the_audit_with_the_rest(people: People) -> None:
    client = signed_in(people.bo)
    app = set_up_app(client)
    elsewhere = signed_in(people.bo)
    assert elsewhere.post(f"{FACTORS}code/", {"code": app.code()}).status_code == 302
    assert client.post(f"{FACTORS}recovery-codes/new/").status_code == 302
    assert client.post(f"{FACTORS}app/remove/").status_code == 302
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert is_signed_in(signed_in(people.bo)), "the password is enough again"
    assert audited(people.acme, "factor.add") == [("Bo", {"factor": "authenticator app"})]
    assert audited(people.acme, "factor.recovery-codes") == [("Bo", {"factor": "recovery codes"})]
    assert audited(people.acme, "factor.remove") == [("Bo", {"factor": "authenticator app"})]
    assert audited(people.globex, "factor.add") == []


def test_factors_are_changed_only_by_who_signed_in_a_short_while_ago(people: People) -> None:
    from django.test import Client

    stale = Client()
    stale.force_login(people.bo)  # a session that has shown nothing of late
    for path in ("app/", "passkeys/add/", "recovery-codes/new/"):
        answer = stale.get(FACTORS + path)
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/accounts/reauthenticate/?next="), path
    assert stale.get(FACTORS).status_code == 200


def test_a_person_who_is_signed_in_with_another_account_is_asked_for_that_accounts_code(
    people: People,
) -> None:
    app = set_up_app(signed_in(people.bo))
    client = signed_in(people.ana)
    client.post("/accounts/logout/")
    sign_in(client, people.bo)
    assert not is_signed_in(client)
    assert client.post(f"{FACTORS}code/", {"code": app.code()}).status_code == 302
    assert people.bo.email in words(client.get("/account/"))
