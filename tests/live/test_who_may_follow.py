"""At the door and as long as the socket lives: who is nobody, a stranger, or no longer one of us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.live.conftest import Place, in_thread
from tests.people import actor


async def closing(socket: Any) -> tuple[int, str]:
    async with asyncio.timeout(10):
        code = await socket.closed
    frames = []
    while not socket.frames.empty():
        frames.append(socket.frames.get_nowait())
    assert frames[-1]["type"] == "closing"
    return code, frames[-1]["why"]


async def test_nobody_is_told_to_sign_in(dial: Callable[..., Any]) -> None:
    assert await closing(await dial()) == (4401, "You are not signed in.")


async def test_a_stranger_learns_nothing(place: Place, dial: Callable[..., Any]) -> None:
    code, why = await closing(await dial(user=place.people.gil))
    assert code == 4404
    assert why == "There is no such organization, or you are not in it."


async def test_a_rollout_of_somebody_else_is_none(place: Place, dial: Callable[..., Any]) -> None:
    path = place.path.replace("/acme/", "/globex/")
    assert (await closing(await dial(path, user=place.people.gil)))[0] == 4404


@pytest.mark.parametrize("origin", ["https://evil.example", "http://testserver.evil.example", None])
async def test_another_sites_page_cannot_use_the_cookie(
    origin: str | None, place: Place, dial: Callable[..., Any]
) -> None:
    socket = await dial(user=place.people.vic, origin=origin)
    async with asyncio.timeout(10):
        await socket.closed
    assert not socket.accepted
    assert socket.frames.empty()


async def test_a_program_follows_by_its_token(place: Place, dial: Callable[..., Any]) -> None:
    secret, _ = await in_thread(lambda: _token(place))
    socket = await dial(token=secret, origin=None)
    assert (await socket.next())["type"] == "hello"


async def test_an_unknown_token_is_told_so(dial: Callable[..., Any]) -> None:
    code, why = await closing(await dial(token="slp_unknown", origin=None))
    assert (code, why) == (4401, "This token is unknown, revoked or has run out.")


async def test_a_revoked_token_closes_its_sockets(place: Place, dial: Callable[..., Any]) -> None:
    from apps.organizations.services import revoke_token

    secret, identifier = await in_thread(lambda: _token(place))
    socket = await dial(token=secret, origin=None)
    assert (await socket.next())["type"] == "hello"
    await in_thread(
        lambda: _in_acme(place, lambda: revoke_token(actor(place.people.vic, place.people.acme), identifier))
    )
    assert await closing(socket) == (4401, "You are signed out.")


async def test_who_is_taken_out_of_the_organization_sees_no_more_of_it(
    place: Place, dial: Callable[..., Any]
) -> None:
    removed = await dial(user=place.people.vic)
    stays = await dial(user=place.people.bo)
    for socket in (removed, stays):
        assert await socket.numbers_until(1) == [1]
    await in_thread(lambda: _in_acme(place, lambda: _remove(place)))
    assert await closing(removed) == (4403, "You no longer belong to this organization.")
    await in_thread(lambda: place.append(1))
    assert (await stays.next_event())["number"] == 2
    assert removed.frames.empty()


async def test_signing_out_closes_the_sockets_of_that_session(place: Place, dial: Callable[..., Any]) -> None:
    from django.contrib.sessions.models import Session

    socket = await dial(user=place.people.vic)
    assert await socket.numbers_until(1) == [1]
    await in_thread(lambda: Session.objects.all().delete())
    assert await closing(socket) == (4401, "You are signed out.")


async def test_a_new_password_closes_the_sockets_of_the_old_one(
    place: Place, dial: Callable[..., Any]
) -> None:
    socket = await dial(user=place.people.vic)
    assert await socket.numbers_until(1) == [1]
    await in_thread(lambda: _new_password(place.people.vic))
    assert await closing(socket) == (4401, "You are signed out.")


async def test_rights_are_checked_in_one_query_for_all_sockets(
    place: Place, dial: Callable[..., Any]
) -> None:
    from unittest.mock import patch

    from apps.live import rights

    sockets = [await dial(user=user) for user in (place.people.vic, place.people.bo, place.people.ana)]
    for socket in sockets:
        assert await socket.numbers_until(1) == [1]
    with patch("apps.live.hub.rights.lost", wraps=rights.lost) as checks:
        await asyncio.sleep(0.5)
    assert 1 <= checks.call_count <= 2
    assert len(checks.call_args.args[0]) == 3


async def test_rights_that_cannot_be_checked_for_long_count_as_lost(
    place: Place, dial: Callable[..., Any], hub: Any
) -> None:
    from dataclasses import replace
    from unittest.mock import patch

    hub.pace = replace(hub.pace, unchecked_seconds=0.5)
    socket = await dial(user=place.people.vic)
    assert await socket.numbers_until(1) == [1]
    with patch("apps.live.hub.rights.lost", side_effect=ConnectionError("no database")):
        assert await closing(socket) == (1013, "Your rights cannot be checked at the moment.")


def _token(place: Place) -> tuple[str, Any]:
    from apps.organizations.services import create_token

    shown = _in_acme(
        place,
        lambda: create_token(actor(place.people.vic, place.people.acme), name="ci", token_scopes=["read"]),
    )
    return shown.secret, shown.row.id


def _remove(place: Place) -> None:
    from apps.organizations.models import Membership
    from apps.organizations.services import remove_member

    membership = Membership.objects.get(user_id=place.people.vic.id)
    remove_member(actor(place.people.ana, place.people.acme), membership.id)


def _in_acme(place: Place, function: Callable[[], Any]) -> Any:
    from apps.core import scopes

    with scopes.organization(place.people.acme.id):
        return function()


def _new_password(user: Any) -> None:
    user.set_password("another long pass phrase")
    user.save()
