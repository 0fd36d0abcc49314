"""By which connections a session came, read off the records that signing in leaves in it, and whether that opens an
organization.

Whoever runs an identity provider can sign in as anybody who is linked to it. So a connection opens its own organization
and nothing else: neither another one, nor the person's account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.socialaccount.models import SocialAccount
from django.db.models import Exists, OuterRef, Q, QuerySet, UUIDField, Value
from django.db.models.expressions import Subquery
from django.utils import timezone

from apps.organizations.choices import ConnectionStatus
from apps.organizations.models import Connection, Membership

GLASS = "slipway_broken_glass"  # in a session: {organization: when it was broken}
GLASS_LASTS = timedelta(hours=1)
_MOST = 20  # connections of one session that are looked at, the newest


@dataclass(frozen=True, slots=True)
class Shown:
    """A connection by which this session came, as whom, and when."""

    key: str
    subject: str
    at: datetime


def shown_by(records: Sequence[Mapping[str, Any]]) -> tuple[Shown, ...]:
    newest: dict[tuple[str, str], float] = {}
    for record in records:
        if record.get("method") == "socialaccount":
            newest[str(record.get("provider")), str(record.get("uid"))] = float(record.get("at", 0))
    found = [Shown(key, subject, datetime.fromtimestamp(at, UTC)) for (key, subject), at in newest.items()]
    return tuple(found[-_MOST:])


def is_own(session: Any, records: Sequence[Mapping[str, Any]]) -> bool:
    """Did the person sign in themself? A second factor that followed a connection does not make it so. Records that
    are somebody else's (`records` is empty, the session's are not) make it nobody's."""
    if not records:
        return not session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    return any(
        record.get("method") != "socialaccount"
        and (record.get("method") != "mfa" or record.get("passwordless"))
        for record in records
    )


def glass_of(session: Any) -> dict[UUID, datetime]:
    """Organizations that are open because their glass was broken, and until when."""
    now = timezone.now()
    ends = {
        UUID(organization): datetime.fromtimestamp(float(at), UTC) + GLASS_LASTS
        for organization, at in session.get(GLASS, {}).items()
    }
    return {organization: until for organization, until in ends.items() if until > now}


def with_connection(rows: QuerySet[Membership], shown: Sequence[Shown]) -> QuerySet[Membership]:
    """`opened_by`: the living connection of the membership's organization by which the session came, as an identity
    that is still this person's. In the scope of the person or of the organization."""
    if not shown:
        return rows.annotate(opened_by=Value(None, output_field=UUIDField()))
    came = Q()
    for one in shown:
        identity = SocialAccount.objects.filter(
            provider=OuterRef("key"), uid=one.subject, user_id=OuterRef(OuterRef("user_id"))
        )
        came |= Q(Exists(identity), key=one.key, changed_at__lte=one.at)
    living = Connection.objects.filter(
        came, organization_id=OuterRef("organization_id"), status=ConnectionStatus.ON
    )
    return rows.annotate(opened_by=Subquery(living.values("id")[:1]))
