"""Cursor pages. The cursor is the last row's place in the order; rows that come meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from apps.core.problems import Invalid

MOST = 200
USUAL = 50


@dataclass(frozen=True, slots=True)
class Order:
    """By `field` (a moment or a number), then by `tie` where several rows can share it."""

    field: str
    tie: str = ""
    descending: bool = True


def page(
    request: Request, rows: QuerySet[Any], order: Order, shape: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """`{"items": […], "next": cursor or null}`. `limit` and `cursor` come from the query."""
    limit = _limit(request)
    sign = "-" if order.descending else ""
    fields = [order.field, order.tie] if order.tie else [order.field]
    rows = rows.order_by(*(f"{sign}{field}" for field in fields))
    cursor = request.query_params.get("cursor")
    if cursor:
        rows = rows.filter(_after(order, _read(cursor, len(fields))))
    found = list(rows[: limit + 1])
    following = None
    if len(found) > limit:
        found = found[:limit]
        following = _write([getattr(found[-1], field) for field in fields])
    return {"items": [shape(row) for row in found], "next": following}


def _after(order: Order, place: Sequence[Any]) -> Q:
    """As `field <= c AND (field < c OR tie < t)`: a bare OR would lose the index."""
    less, equal = ("lt", "lte") if order.descending else ("gt", "gte")
    if not order.tie:
        return Q(**{f"{order.field}__{less}": place[0]})
    return Q(**{f"{order.field}__{equal}": place[0]}) & (
        Q(**{f"{order.field}__{less}": place[0]}) | Q(**{f"{order.tie}__{less}": place[1]})
    )


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(USUAL))
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise Invalid(f"limit is a whole number from 1 to {MOST}.", fields={"limit": f"1 to {MOST}"})
    return int(text)


def _write(place: Sequence[Any]) -> str:
    values = [value.isoformat() if isinstance(value, datetime) else str(value) for value in place]
    kinds = [
        "t"
        if isinstance(value, datetime)
        else "u"
        if isinstance(value, UUID)
        else "n"
        if isinstance(value, int)
        else "s"
        for value in place
    ]
    return base64.urlsafe_b64encode(json.dumps([kinds, values]).encode()).decode().rstrip("=")


def _read(cursor: str, wanted: int) -> list[Any]:
    try:
        kinds, values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        readers: dict[str, Callable[[str], Any]] = {
            "t": datetime.fromisoformat,
            "u": UUID,
            "n": int,
            "s": str,
        }
        place = [readers[kind](value) for kind, value in zip(kinds, values, strict=True)]
        # A naive moment would lose the index and mean another instant.
        if len(place) != wanted or any(
            isinstance(value, datetime) and value.tzinfo is None for value in place
        ):
            raise ValueError
    except (ValueError, KeyError, TypeError, binascii.Error, UnicodeDecodeError):
        raise Invalid("This cursor is not one of ours.", fields={"cursor": "not one of ours"}) from None
    return place
