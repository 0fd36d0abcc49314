"""Who sits at a socket, and whether they still may: one query for all sockets of the process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from apps.core import scopes
from apps.core.problems import NotFound, Unauthenticated
from apps.live.streams import Stream
from apps.organizations.access import Actor, Right, access_organization, authorize
from apps.organizations.models import User
from apps.organizations.services import find_token
from apps.organizations.signing_in.proofs import proof_of
from apps.rollouts.access import access_rollout


@dataclass(frozen=True, slots=True)
class Seat:
    """What must stay true while the socket is open."""

    user_id: UUID
    organization_id: UUID
    session_key: str | None = None
    password_mark: str | None = None  # another password signs other sessions out
    token_id: UUID | None = None
    second_factor: bool = False  # the session showed one
    opened_by: UUID | None = None  # the organization's connection by which it came
    opened_at: datetime | None = None
    glass_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    signed_out: bool
    why: str


@dataclass(frozen=True, slots=True)
class Knock:
    """What a handshake brought."""

    slug: str
    cookies: Mapping[str, str]
    bearer: str | None
    address: str


def take_seat(knock: Knock) -> tuple[Actor, Seat]:
    """Raises Unauthenticated, Forbidden, NotFound."""
    actor, seat = _by_token(knock) if knock.bearer is not None else _by_session(knock)
    with scopes.organization(actor.organization_id):
        authorize(actor, Right.SEE)
    return actor, seat


def access_stream(actor: Actor, asked: str) -> Stream:
    """`activity`, or `rollout:` and its id or number. Asked once per stream; whether the person still belongs to the
    organization is asked of every open socket (`lost`)."""
    if asked == "activity":
        return Stream("organization", actor.organization_id, actor.organization_id)
    kind, _, identifier = asked.partition(":")
    if kind != "rollout":
        raise NotFound("There is no such stream.")
    with scopes.organization(actor.organization_id):
        rollout = access_rollout(actor, _identifier(identifier))
    return Stream("rollout", rollout.id, actor.organization_id)


def _by_token(knock: Knock) -> tuple[Actor, Seat]:
    token = find_token(knock.bearer or "", address=knock.address)
    if token is None:
        raise Unauthenticated("This token is unknown, revoked or has run out.")
    actor = access_organization(
        token.user,
        knock.slug,
        channel="api",
        address=knock.address,
        token_id=token.id,
        token_scopes=frozenset(token.scopes),
    )
    if token.organization_id != actor.organization_id:
        raise NotFound("There is no such organization, or you are not in it.")
    return actor, Seat(actor.user_id, actor.organization_id, token_id=token.id)


def _by_session(knock: Knock) -> tuple[Actor, Seat]:
    key = knock.cookies.get(settings.SESSION_COOKIE_NAME)
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request) if key else None
    if not isinstance(user, User) or not user.is_active:
        raise Unauthenticated("You are not signed in.")
    proof = proof_of(request, user)
    actor = access_organization(user, knock.slug, channel="ui", address=knock.address, proof=proof)
    mark = hashlib.md5(user.password.encode(), usedforsecurity=False).hexdigest()
    return actor, Seat(
        actor.user_id,
        actor.organization_id,
        session_key=key,
        password_mark=mark,
        second_factor=proof.second_factor,
        opened_by=actor.opened_by,
        opened_at=timezone.now(),
        glass_until=dict(proof.glass).get(actor.organization_id),
    )


def _identifier(text: str) -> UUID | int:
    if text.isdecimal() and len(text) < 10:
        return int(text)
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such rollout.") from None


# Every column of a seat is checked again: the person, the membership, the session or the token, the second factor where
# the organization has come to require one (a token's is its person's), and the connection by which the session came:
# switched off or changed since, or one required of a session that came by none.
_LOST = """
SELECT seat.place,
       person.id IS NULL OR (session.session_key IS NULL AND token.id IS NULL) AS signed_out,
       membership.id IS NULL AS no_member, strict.id IS NOT NULL AS no_factor
FROM unnest(%s::int[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::bool[], %s::uuid[],
            %s::timestamptz[], %s::timestamptz[])
     AS seat(place, user_id, organization_id, session_key, password_mark, token_id, second_factor, opened_by,
             opened_at, glass_until)
LEFT JOIN person ON person.id = seat.user_id AND person.is_active
     AND (seat.password_mark IS NULL OR md5(person.password) = seat.password_mark)
LEFT JOIN membership ON membership.user_id = seat.user_id AND membership.organization_id = seat.organization_id
     AND membership.suspended_at IS NULL
LEFT JOIN django_session AS session ON session.session_key = seat.session_key AND session.expire_date > now()
LEFT JOIN api_token AS token ON token.id = seat.token_id AND token.revoked_at IS NULL
     AND (token.expires_at IS NULL OR token.expires_at > now())
LEFT JOIN organization AS strict ON strict.id = seat.organization_id AND strict.second_factor_from <= now()
     AND NOT seat.second_factor AND NOT person.is_service AND NOT (seat.token_id IS NOT NULL AND EXISTS (
         SELECT FROM mfa_authenticator WHERE user_id = seat.user_id AND type IN ('totp', 'webauthn')))
LEFT JOIN connection AS way ON way.id = seat.opened_by AND way.status = 'on' AND way.changed_at <= seat.opened_at
LEFT JOIN organization AS closed ON closed.id = seat.organization_id AND closed.connection_from <= now()
     AND seat.token_id IS NULL AND seat.opened_by IS NULL
     AND (seat.glass_until IS NULL OR seat.glass_until <= now() OR NOT membership.breaks_glass)
WHERE person.id IS NULL OR membership.id IS NULL OR (session.session_key IS NULL AND token.id IS NULL)
   OR strict.id IS NOT NULL OR closed.id IS NOT NULL OR (seat.opened_by IS NOT NULL AND way.id IS NULL)
"""


def lost(seats: Sequence[Seat]) -> dict[Seat, Loss]:
    """The seats whose people may no longer sit there."""
    columns: list[Any] = [
        list(range(len(seats))),
        [seat.user_id for seat in seats],
        [seat.organization_id for seat in seats],
        [seat.session_key for seat in seats],
        [seat.password_mark for seat in seats],
        [seat.token_id for seat in seats],
        [seat.second_factor for seat in seats],
        [seat.opened_by for seat in seats],
        [seat.opened_at for seat in seats],
        [seat.glass_until for seat in seats],
    ]
    found = {}
    with scopes.system("check the rights of open sockets"), connection.cursor() as cursor:
        cursor.execute(_LOST, columns)
        for place, signed_out, no_member, no_factor in cursor.fetchall():
            found[seats[place]] = Loss(signed_out, _why_lost(signed_out, no_member, no_factor))
    return found


def _why_lost(signed_out: bool, no_member: bool, no_factor: bool) -> str:
    if signed_out:
        return "You are signed out."
    if no_member:
        return "You no longer belong to this organization."
    if no_factor:
        return "This organization requires a second factor, which has not been shown."
    return "This organization asks for its own single sign-on again."
