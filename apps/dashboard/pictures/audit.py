"""The audit as sentences, with what was before and after; filtered and paged by number, newest first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet

from apps.audit.models import AuditEntry, OrganizationHead
from apps.audit.verifying import verify_chain
from apps.dashboard.pictures.deeds import DEEDS, deed, look_of
from apps.dashboard.words import count, shortened
from apps.organizations.access import Actor
from apps.organizations.models import Membership

PER_PAGE = 50
MOST_VERIFIED = 250_000  # in one request: some seconds of walking
CHANNELS = {
    "ui": "Pages",
    "api": "API",
    "admin": "Operators’ pages",
    "command": "Command on the server",
    "task": "Slipway by itself",
}
KINDS = {
    "rollout": "Rollouts",
    "release": "Releases",
    "application": "Applications",
    "environment": "Environments",
    "cluster": "Clusters",
    "target": "Targets",
    "person": "People",
    "invitation": "Invitations",
    "token": "Tokens",
    "organization": "The organization",
    "request": "Refused requests",
    "audit": "The audit",
}
_MOST_PEOPLE = 500


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    at: datetime
    by: str
    by_query: str  # everything by the same
    deed: tuple[str, str, str]
    object_query: str  # everything about the same; "" where it has no id
    look: str
    channel: str
    address: str
    why: str
    changes: tuple[Change, ...]
    hash: str


@dataclass(frozen=True, slots=True)
class Filters:
    """As typed; what is no such value filters nothing and is not shown as chosen."""

    person: str = ""
    action: str = ""
    kind: str = ""
    object: str = ""
    channel: str = ""
    since: str = ""
    until: str = ""
    mistakes: tuple[str, ...] = field(default=())

    @property
    def query(self) -> str:
        chosen = {
            "person": self.person,
            "action": self.action,
            "kind": self.kind,
            "object": self.object,
            "channel": self.channel,
            "from": self.since,
            "to": self.until,
        }
        return urlencode({name: value for name, value in chosen.items() if value})


def read_filters(asked: Mapping[str, str]) -> Filters:
    mistakes = []
    since, until = asked.get("from", ""), asked.get("to", "")
    for name, value in (("from", since), ("to", until)):
        if value and _day(value) is None:
            mistakes.append(f"“{value[:40]}” is no day; {name} is written like 2026-11-24.")
    person = asked.get("person", "")
    return Filters(
        person=person if person in _BY_KIND or _uuid(person) else "",
        action=asked.get("action", "") if asked.get("action", "") in DEEDS else "",
        kind=asked.get("kind", "") if asked.get("kind", "") in KINDS else "",
        object=asked.get("object", "") if _uuid(asked.get("object", "")) else "",
        channel=asked.get("channel", "") if asked.get("channel", "") in CHANNELS else "",
        since=since if _day(since) else "",
        until=until if _day(until) else "",
        mistakes=tuple(mistakes),
    )


_BY_KIND = {"policy": "Policies", "system": "Slipway itself", "operator": "Operators of this installation"}


def entries(actor: Actor, filters: Filters) -> QuerySet[AuditEntry]:
    """Every condition is one that row-level security lets an index answer."""
    rows: QuerySet[AuditEntry] = AuditEntry.objects.filter(organization_id=actor.organization_id)
    if filters.person in _BY_KIND:
        rows = rows.filter(actor_kind=filters.person)
    elif filters.person:
        rows = rows.filter(actor_id=UUID(filters.person))
    if filters.object:
        rows = rows.filter(object_id=UUID(filters.object))
    for column, value in (
        ("action", filters.action),
        ("object_kind", filters.kind),
        ("channel", filters.channel),
    ):
        if value:
            rows = rows.filter(**{column: value})
    if since := _day(filters.since):
        rows = rows.filter(at__gte=datetime.combine(since, time(), UTC))
    if until := _day(filters.until):
        rows = rows.filter(at__lt=datetime.combine(until + timedelta(days=1), time(), UTC))
    return rows


def page_of(
    rows: QuerySet[AuditEntry], *, before: int | None, after: int | None
) -> tuple[list[Line], bool, bool]:
    """Newest first: the lines, whether there are newer ones, whether there are older ones. By number, so that what
    comes meanwhile shifts nothing."""
    if after is not None:
        found = list(rows.filter(number__gt=after).order_by("number")[: PER_PAGE + 1])
        more = len(found) > PER_PAGE
        return [_line(row) for row in reversed(found[:PER_PAGE])], more, True
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows.order_by("-number")[: PER_PAGE + 1])
    return [_line(row) for row in found[:PER_PAGE]], before is not None, len(found) > PER_PAGE


def people_to_choose(chosen: str) -> list[tuple[str, str]]:
    """Members by name, then what is nobody; somebody who left stays chosen."""
    rows = Membership.objects.select_related("user").order_by("user__name", "user__email")[:_MOST_PEOPLE]
    found = [(str(row.user_id), str(row.user)) for row in rows] + list(_BY_KIND.items())
    if chosen and chosen not in dict(found):
        label = (
            AuditEntry.objects.filter(actor_id=UUID(chosen))
            .order_by("-number")
            .values_list("actor_label", flat=True)
        )
        found.append((chosen, next(iter(label[:1]), "Somebody who is not here any more")))
    return found


@dataclass(frozen=True, slots=True)
class Verification:
    sound: bool
    sentence: str
    head: str  # "" when it was not walked
    command: str = ""  # where it is too long to be walked here


def verification() -> Verification:
    head = OrganizationHead.objects.first()
    number = head.audit_number if head else 0
    if number > MOST_VERIFIED:
        return Verification(
            False,
            f"This audit has {number:,} entries, more than are walked while a page waits. Walk them with:",
            "",
            "slipway audit verify",
        )
    verdict = verify_chain()
    if verdict.sound:
        entries_there = count(verdict.entries, "entry", "entries")
        sentence = f"Unbroken: {entries_there}, each as it was written down and in its place."
        return Verification(True, sentence, bytes(head.audit_hash).hex() if head else "")
    sentence = f"Broken: {verdict.sentence}. {count(verdict.entries, 'entry', 'entries')} before it stand."
    return Verification(False, sentence, "")


def _line(row: AuditEntry) -> Line:
    said = json.loads(bytes(row.canonical))
    by = {"person": str(row.actor_id)} if row.actor_id else {"person": row.actor_kind}
    return Line(
        number=row.number,
        at=row.at,
        by=row.actor_label,
        by_query=urlencode(by),
        deed=deed(row.action, row.object_label),
        object_query=urlencode({"object": str(row.object_id)}) if row.object_id else "",
        look=look_of(row.action),
        channel=CHANNELS.get(row.channel, row.channel) + (" by token" if row.actor_kind == "token" else ""),
        address=row.address,
        why=row.why,
        changes=changes_between(said.get("before"), said.get("after")),
        hash=bytes(row.hash).hex(),
    )


def changes_between(before: Any, after: Any) -> tuple[Change, ...]:
    """Field by field, only what differs. A value that is one value has no name."""
    old = before if isinstance(before, Mapping) else {} if before is None else {"": before}
    new = after if isinstance(after, Mapping) else {} if after is None else {"": after}
    return tuple(
        Change(name.replace("_", " "), _words(old.get(name)), _words(new.get(name)))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )


def _words(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_words(part) or 'none'}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(_words(part) for part in value)
    text = str(value)
    plain = text.removeprefix("sha256:")
    return shortened(text) if len(plain) == 64 and plain.isalnum() else text


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year < 9000 else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
