"""One's own account: the name, the password, and where one is signed in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from apps.core import scopes
from tests.people import PASSWORD, People

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


pytestmark = pytest.mark.usefixtures("transactional_database")  # a refusal rolls its transaction back


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def signed_in(user: Any, user_agent: str = FIREFOX, address: str = "192.0.2.7") -> Client:
    client = Client(headers={"User-Agent": user_agent}, REMOTE_ADDR=address)
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    client.get("/account/")
    return client


def audited(organization: Any) -> list[tuple[str, str]]:
    from apps.audit.models import AuditEntry

    with scopes.organization(organization.id):
        rows = AuditEntry.objects.filter(channel="ui").order_by("number")
        return list(rows.values_list("action", "actor_label"))


@pytest.mark.parametrize(
    ("user_agent", "words_for_it"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_are_named_as_their_owners_know_them(user_agent: str, words_for_it: str) -> None:
    from apps.organizations.sessions import browser_of

    assert browser_of(user_agent) == words_for_it


def test_who_is_not_signed_in_is_sent_to_sign_in(people: People) -> None:
    for path in ("", "password/", "sessions/1/end/", "sessions/end-others/"):
        assert Client().get(f"/account/{path}")["Location"].startswith("/accounts/login/?next=")


def test_sessions_are_listed_and_this_one_is_marked(people: People) -> None:
    here = signed_in(people.bo)
    signed_in(people.bo, SAFARI, "192.0.2.8")
    signed_in(people.dee, SAFARI, "192.0.2.9")
    page = words(here.get("/account/"))
    assert re.search(r'Firefox on Linux <span class="tag">this one</span>', page)
    assert "Safari on iPhone" in page
    assert "from 192.0.2.8" in page
    assert "192.0.2.9" not in page
    assert page.count("/end/") == 1


def test_one_session_is_ended_and_the_others_stay(people: People) -> None:
    here, there = signed_in(people.bo), signed_in(people.bo, SAFARI)
    third = signed_in(people.bo, SAFARI, "192.0.2.8")
    page = words(here.get("/account/"))
    sessions = re.findall(r"/account/sessions/(\d+)/end/", page)
    assert len(sessions) == 2
    assert here.post(f"/account/sessions/{sessions[-1]}/end/").status_code == 302
    living = [client.get("/o/acme/").status_code for client in (here, there, third)]
    assert sorted(living) == [200, 200, 302]
    again = here.post(f"/account/sessions/{sessions[-1]}/end/")
    assert (again.status_code, "This session is over already." in words(again)) == (404, True)
    assert audited(people.acme) == [("session.end", "Bo")]


def test_nobody_ends_anothers_session(people: People) -> None:
    from allauth.usersessions.models import UserSession

    dee = signed_in(people.dee)
    row = UserSession.objects.get(user=people.dee)
    assert signed_in(people.bo).post(f"/account/sessions/{row.pk}/end/").status_code == 404
    assert dee.get("/o/acme/").status_code == 200


def test_all_others_are_ended_at_once_and_their_sockets_with_them(people: People) -> None:
    from apps.live.rights import Seat, lost

    here, there = signed_in(people.bo), signed_in(people.bo, SAFARI)
    seats = [
        Seat(people.bo.pk, people.acme.id, session_key=client.session.session_key) for client in (here, there)
    ]
    assert lost(seats) == {}
    assert here.post("/account/sessions/end-others/").status_code == 302
    assert [client.get("/o/acme/").status_code for client in (here, there)] == [200, 302]
    gone = lost(seats)
    assert (list(gone), gone[seats[1]].signed_out) == ([seats[1]], True)
    assert audited(people.acme) == [("session.end-others", "Bo")]
    here.post("/account/sessions/end-others/")  # there are none
    assert audited(people.acme) == [("session.end-others", "Bo")]


def test_another_password_keeps_this_session_and_ends_the_others(people: People) -> None:
    here, there = signed_in(people.bo), signed_in(people.bo, SAFARI)
    new = "another long pass phrase"
    wrong = here.post("/account/password/", {"oldpassword": "no", "password1": new, "password2": new})
    assert (wrong.status_code, 'class="mistake"' in words(wrong)) == (200, True)
    unlike = here.post(
        "/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": "x" * 12}
    )
    assert 'class="mistake"' in words(unlike)
    short = here.post(
        "/account/password/", {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    )
    assert "This password is too short" in words(short)
    answer = here.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert answer["Location"] == "/account/"
    assert [client.get("/o/acme/").status_code for client in (here, there)] == [200, 302]
    page = words(here.get("/account/"))
    assert (page.count("Firefox on Linux"), page.count("Safari on iPhone")) == (1, 0)
    assert audited(people.acme) == [("person.password", "Bo")]


def test_the_name_is_changed_everywhere_one_is_and_an_empty_one_is_refused(people: People) -> None:
    client = signed_in(people.bo)
    empty = client.post("/account/", {"name": " "})
    assert (empty.status_code, "A name has 1 to 120 characters." in words(empty)) == (422, True)
    assert client.post("/account/", {"name": "Bo Beck"}).status_code == 302
    page = words(client.get("/account/"))
    assert 'value="Bo Beck"' in page
    assert "bo@acme.example" in page
    assert re.search(r'href="/o/acme/">Acme</a><span class="muted">as releaser</span>', page)
    assert audited(people.acme) == [("person.rename", "Bo Beck")]


def test_a_session_is_noted_at_most_once_a_minute(people: People) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from apps.organizations import sessions

    client = signed_in(people.bo)

    def noted() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/account/")
        return sum('UPDATE "usersessions' in query["sql"] for query in captured.captured_queries)

    assert noted() == 0
    sessions._noted.clear()  # as in another process, or a minute later
    assert noted() == 1
    assert noted() == 0
