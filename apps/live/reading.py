"""Everything live reads from the database. Called on the hub's own threads, never on a consumer's."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import close_old_connections, connection, transaction

from apps.audit.models import Activity, OrganizationHead
from apps.core import scopes
from apps.live.streams import Head, Row, Snapshot, Stream
from apps.rollouts.access import with_related
from apps.rollouts.api.shapes import event_shape, rollout_shape
from apps.rollouts.models import Event, Rollout

PAGE = 500
_SNAPSHOT_ACTIVITIES = 50


@contextmanager
def picture(organization_id: UUID) -> Iterator[None]:
    """One organization as it is at one instant: what is read inside agrees with itself and with its event numbers."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            if (
                len(connection.savepoint_ids) == 0
            ):  # the outermost block; a caller's own comes first otherwise
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        with scopes.organization(organization_id):
            yield


def on_thread(function: Callable[[], Any]) -> Any:
    """A thread of an executor has no request around it that would drop a dead or too old connection."""
    close_old_connections()
    try:
        return function()
    finally:
        close_old_connections()


def heads(streams: Collection[Stream]) -> dict[str, Head]:
    """Two queries for any number of streams; a stream that is gone is missing."""
    rollouts = [stream.id for stream in streams if stream.kind == "rollout"]
    organizations = [stream.id for stream in streams if stream.kind == "organization"]
    found: dict[str, Head] = {}
    with scopes.system("compare the heads of what is followed"):
        if rollouts:
            for identifier, number, sentence in Rollout.objects.filter(id__in=rollouts).values_list(
                "id", "event_number", "sentence"
            ):
                found[f"rollout.{identifier}"] = Head(number, sentence)
        if organizations:
            known = dict(
                OrganizationHead.objects.filter(organization_id__in=organizations).values_list(
                    "organization_id", "activity_number"
                )
            )
            for identifier in organizations:
                found[f"organization.{identifier}"] = Head(known.get(identifier, 0))
    return found


def rows_after(stream: Stream, after: int, limit: int = PAGE) -> list[Row]:
    """In number order. Numbers are given under a lock that the commit releases, so what is seen has no holes."""
    with scopes.organization(stream.organization_id):
        if stream.kind == "rollout":
            events = Event.objects.filter(
                organization_id=stream.organization_id, rollout_id=stream.id, number__gt=after
            ).order_by("number")
            return [
                Row(event.number, frame("event", stream=stream.label, **event_shape(event)), stream.id)
                for event in events[:limit]
            ]
        activities = Activity.objects.filter(
            organization_id=stream.organization_id, number__gt=after
        ).order_by("number")
        return [
            Row(row.number, frame("event", stream=stream.label, **activity_shape(row)), row.rollout_id)
            for row in activities[:limit]
        ]


def snapshot(stream: Stream) -> Snapshot:
    """For a client that is too slow or too far behind: the state itself, and the number it stands for."""
    with picture(stream.organization_id):
        if stream.kind == "rollout":
            rollout = with_related(Rollout.objects.all()).get(id=stream.id)
            head = rollout.event_number
            return Snapshot(
                head, frame("snapshot", stream=stream.label, head=head, rollout=rollout_shape(rollout))
            )
        newest = list(Activity.objects.order_by("-number")[:_SNAPSHOT_ACTIVITIES])
        head = newest[0].number if newest else 0
        shapes = [activity_shape(row) for row in reversed(newest)]
        return Snapshot(head, frame("snapshot", stream=stream.label, head=head, activity=shapes))


def activity_shape(row: Activity) -> dict[str, Any]:
    body = {**row.body, "rollout": row.rollout_id, "phase": row.phase, "by": row.actor_label}
    return {"number": row.number, "at": row.at, "kind": row.kind, "body": body}


def frame(kind: str, /, **content: Any) -> str:
    return json.dumps({"type": kind, **content}, cls=DjangoJSONEncoder, separators=(",", ":"))
