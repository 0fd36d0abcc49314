"""Where a person is signed in. The rows are allauth's; when each was last seen is noted here.

allauth's own tracking writes on every request; this notes a session at most once a minute in each web process, which
costs no question to the database in between.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.audit.services import Audit
from apps.core.addresses import address_of
from apps.core.problems import NotFound
from apps.organizations.models import User
from apps.organizations.services import record_in_each_organization

NOTED_EVERY_SECONDS = 60.0
_REMEMBERED = 5_000  # sessions per process; more and all are forgotten, which costs one write each

_noted: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One browser; the key itself never leaves the server."""

    id: int
    browser: str
    user_agent: str
    address: str
    since: datetime
    last_seen: datetime
    here: bool


class SessionsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key
        if key and _is_due(key) and request.user.is_authenticated:
            _note(request, key)
        return self.get_response(request)


def sessions_of(user: User, *, current: str | None) -> list[SignedIn]:
    """Newest use first, the one that asks before all others. Rows whose session is over are left out."""
    living = set(
        Session.objects.filter(
            session_key__in=UserSession.objects.filter(user=user).values("session_key"),
            expire_date__gt=timezone.now(),
        ).values_list("session_key", flat=True)
    )
    rows = UserSession.objects.filter(user=user, session_key__in=living)
    found = [
        SignedIn(
            id=row.pk,
            browser=browser_of(row.user_agent),
            user_agent=row.user_agent,
            address=row.ip,
            since=row.created_at,
            last_seen=row.last_seen_at,
            here=row.session_key == current,
        )
        for row in rows
    ]
    return sorted(found, key=lambda session: (session.here, session.last_seen), reverse=True)


def end_session(user: User, identifier: int, *, address: str = "") -> None:
    """Its pages and sockets are shut within seconds."""
    row = UserSession.objects.filter(user=user, pk=identifier).first()
    if row is None:
        raise NotFound("This session is over already.")
    _end([row])
    audit = Audit("session.end", "person", str(user), user.pk, after={"address": row.ip})
    record_in_each_organization(user, audit, address=address)


def end_other_sessions(user: User, *, current: str | None, address: str = "") -> int:
    rows = list(UserSession.objects.filter(user=user).exclude(session_key=current or ""))
    if rows:
        _end(rows)
        audit = Audit("session.end-others", "person", str(user), user.pk, after={"sessions": len(rows)})
        record_in_each_organization(user, audit, address=address)
    return len(rows)


def browser_of(user_agent: str) -> str:
    """In words that its owner recognises: "Firefox on Linux"."""
    browsers = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"))
    browser = next((name for sign, name in browsers if sign in user_agent), "")
    if not browser and "Safari/" in user_agent:
        browser = "Safari"
    systems = (
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    )
    system = next((name for sign, name in systems if sign in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or re.split(r"[\s/]", user_agent, maxsplit=1)[0] or "Unknown browser"


def _is_due(key: str) -> bool:
    return monotonic() - _noted.get(key, -NOTED_EVERY_SECONDS) >= NOTED_EVERY_SECONDS


def _note(request: HttpRequest, key: str) -> None:
    if len(_noted) >= _REMEMBERED:
        _noted.clear()
    _noted[key] = monotonic()
    seen = {
        "ip": address_of(request.META) or "0.0.0.0",  # noqa: S104  no address is bound; none is known
        "user_agent": request.META.get("HTTP_USER_AGENT", "")[:200],
        "last_seen_at": timezone.now(),
    }
    if not UserSession.objects.filter(session_key=key).update(**seen):
        UserSession.objects.get_or_create(session_key=key, defaults={"user": request.user, **seen})


def _end(rows: list[UserSession]) -> None:
    for row in rows:
        SessionStore().delete(row.session_key)
        _noted.pop(row.session_key, None)
    UserSession.objects.filter(pk__in=[row.pk for row in rows]).delete()
