"""Guessing is slowed, exactly as stated, and slows nobody but the one who guesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tests.people import People
from tests.signing_in.browsers import FACTORS, audited, set_up_app, sign_in, signed_in, words

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def forth(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    from apps.organizations.signing_in import attempts

    clock = Clock()
    monkeypatch.setattr(attempts.timezone, "now", lambda: clock.now)
    return clock


def tries(client: Client, user: Any, password: str = "wrong") -> str:  # noqa: S107  it is
    """ "in", "wrong", or how many seconds to wait."""
    answer = sign_in(client, user, password=password)
    if answer.status_code == 302:
        client.post("/accounts/logout/")
        return "in"
    said = words(answer)
    if "Too many failed tries. Try again in " in said:
        return said.partition("Try again in ")[2].partition(" ")[0]
    assert "not correct" in said, said
    return "wrong"


def test_the_waits_grow_as_stated_and_no_further() -> None:
    from apps.organizations.signing_in.attempts import ANY_ACCOUNT, CODES_FROM_ANYWHERE, ONE_ACCOUNT
    from apps.organizations.signing_in.attempts import wait_seconds as wait

    assert [wait(n, ONE_ACCOUNT) for n in range(4, 18)] == [
        0,
        1,
        2,
        4,
        8,
        16,
        32,
        64,
        128,
        256,
        512,
        900,
        900,
        900,
    ]
    assert wait(10_000, ONE_ACCOUNT) == 900
    assert [wait(n, ANY_ACCOUNT) for n in (49, 50, 59, 10_000)] == [0, 1, 300, 300]
    assert [wait(n, CODES_FROM_ANYWHERE) for n in (19, 20, 26, 10_000)] == [0, 1, 60, 60]


def test_from_the_fifth_failure_on_each_waits_twice_as_long_even_with_the_right_password(
    people: People, clock: Clock
) -> None:
    from tests.people import PASSWORD

    client = Client(REMOTE_ADDR="198.51.100.1")
    assert [tries(client, people.bo) for _ in range(5)] == ["wrong"] * 5
    assert tries(client, people.bo) == "1"
    clock.forth(1)
    assert tries(client, people.bo) == "wrong"
    clock.forth(1.5)
    assert tries(client, people.bo, PASSWORD) == "1", "half a second is left of two"
    clock.forth(0.5)
    assert tries(client, people.bo, PASSWORD) == "in"
    assert [tries(client, people.bo) for _ in range(5)] == ["wrong"] * 5, "it counts from nothing again"


def test_a_try_that_came_too_soon_is_not_counted(people: People, clock: Clock) -> None:
    client = Client(REMOTE_ADDR="198.51.100.1")
    for _ in range(5):
        tries(client, people.bo)
    assert [tries(client, people.bo) for _ in range(20)] == ["1"] * 20


def test_a_day_later_the_failures_are_forgotten(people: People, clock: Clock) -> None:
    client = Client(REMOTE_ADDR="198.51.100.1")
    for _ in range(5):
        tries(client, people.bo)
    clock.forth(24 * 3600 + 1)
    assert [tries(client, people.bo) for _ in range(5)] == ["wrong"] * 5
    assert tries(client, people.bo) == "1"


def test_a_stranger_who_guesses_for_hours_slows_nobody_but_themselves(people: People, clock: Clock) -> None:
    from tests.people import PASSWORD

    stranger = Client(REMOTE_ADDR="203.0.113.66")
    for _ in range(60):
        tries(stranger, people.bo)
        clock.forth(1000)
    assert tries(stranger, people.bo) == "wrong"
    assert tries(stranger, people.bo, PASSWORD) == "900"
    assert tries(Client(REMOTE_ADDR="198.51.100.1"), people.bo, PASSWORD) == "in"


def test_a_browser_that_the_person_used_before_is_not_slowed_by_failures_at_its_own_address(
    people: People, clock: Clock
) -> None:
    from tests.people import PASSWORD

    own = signed_in(people.bo, address="198.51.100.1")
    own.post("/accounts/logout/")
    neighbour = Client(REMOTE_ADDR="198.51.100.1")
    for _ in range(5):
        tries(neighbour, people.bo)
    assert tries(neighbour, people.bo, PASSWORD) == "1"
    assert tries(own, people.bo, PASSWORD) == "in"
    assert [tries(own, people.bo) for _ in range(6)] == ["wrong"] * 5 + ["1"], "it has a counter of its own"


def test_a_known_browser_is_known_for_its_person_alone_and_by_our_signature_alone(
    people: People, clock: Clock
) -> None:
    from django.conf import settings

    from tests.people import PASSWORD

    own = signed_in(people.bo, address="198.51.100.1")
    own.post("/accounts/logout/")
    neighbour = Client(REMOTE_ADDR="198.51.100.1")
    for _ in range(5):
        tries(neighbour, people.ana)
    assert tries(own, people.ana, PASSWORD) == "1"
    forged = Client(REMOTE_ADDR="198.51.100.1")
    cookie = own.cookies[settings.KNOWN_BROWSER_COOKIE_NAME].value
    assert people.bo.email not in cookie
    forged.cookies[settings.KNOWN_BROWSER_COOKIE_NAME] = f"x{cookie}"
    assert tries(forged, people.ana, PASSWORD) == "1"


def test_one_password_tried_on_many_accounts_is_slowed_by_its_network(people: People, clock: Clock) -> None:
    from apps.organizations.models import User
    from tests.people import PASSWORD

    client = Client(REMOTE_ADDR="203.0.113.66")
    made_up = [User(email=f"nobody-{number}@acme.example") for number in range(51)]
    assert [tries(client, one) for one in made_up[:50]] == ["wrong"] * 50
    assert tries(client, made_up[50]) == "1"
    assert tries(Client(REMOTE_ADDR="203.0.113.67"), people.bo, PASSWORD) == "in"


def test_signing_in_to_an_account_of_ones_own_between_guesses_wins_nothing(
    people: People, clock: Clock
) -> None:
    from tests.people import PASSWORD

    client = Client(REMOTE_ADDR="203.0.113.66")
    for _ in range(5):
        tries(client, people.bo)
        client.cookies.clear()
        assert tries(client, people.gil, PASSWORD) == "in"
        client.cookies.clear()
    assert tries(client, people.bo) == "1"


def test_addresses_of_one_ipv6_network_are_one() -> None:
    from apps.organizations.signing_in.attempts import network_of

    assert network_of("2001:db8:1:2:3::1") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"


def test_codes_are_slowed_alike_and_the_persons_own_browser_is_not_slowed_by_others(
    people: People, clock: Clock
) -> None:
    own = signed_in(people.bo, address="198.51.100.1")
    app = set_up_app(own)
    own.post("/accounts/logout/")
    thief = signed_in(people.bo, address="203.0.113.66")  # knows the password
    said = [words(thief.post(f"{FACTORS}code/", {"code": "000000"})) for _ in range(6)]
    assert ["Try again in 1 second." in one for one in said] == [False] * 5 + [True]
    sign_in(own, people.bo)
    assert own.post(f"{FACTORS}code/", {"code": app.code()}).status_code == 302


def test_asking_again_for_the_password_is_slowed_alike(people: People, clock: Clock) -> None:
    client = signed_in(people.bo)
    said = [words(client.post("/accounts/reauthenticate/", {"password": "wrong"})) for _ in range(6)]
    assert ["Try again in 1 second." in one for one in said] == [False] * 5 + [True]


def test_failures_are_in_the_audit_of_the_persons_organizations_told_together(
    people: People, clock: Clock
) -> None:
    client = Client(REMOTE_ADDR="203.0.113.66")
    for _ in range(9):
        tries(client, people.bo)
        clock.forth(20)
    assert audited(people.acme, "sign-in.failed") == [
        ("Somebody not signed in", {"by": "password", "in_a_row": count}) for count in (1, 2, 4, 8)
    ]
    assert audited(people.globex, "sign-in.failed") == []


def test_the_table_names_neither_people_nor_addresses(people: People, clock: Clock) -> None:
    from apps.organizations.models import FailedSignIns

    tries(Client(REMOTE_ADDR="203.0.113.66"), people.bo)
    rows = list(FailedSignIns.objects.values_list("subject", "account"))
    assert len(rows) == 2
    assert {len(bytes(subject)) for subject, _ in rows} == {32}
    assert b"bo@" not in b"".join(bytes(part) for row in rows for part in row)


def test_old_counters_are_cleared_away(people: People, clock: Clock) -> None:
    from apps.organizations.signing_in.attempts import forget_old

    tries(Client(REMOTE_ADDR="203.0.113.66"), people.bo)
    assert forget_old() == 0
    clock.forth(24 * 3600 + 1)
    assert forget_old() == 2
