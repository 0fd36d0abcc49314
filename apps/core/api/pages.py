"""Cursor pages. The cursor is the last row's place in the order; rows that come meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypedDict, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet

from apps.core.problems import Invalid

Row = TypeVar("Row", bound=models.Model)
Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Order:
    """By `field` (a moment, a number, a name), then by `tie` where several rows can share it."""

    field: str
    tie: str = ""
    descending: bool = True

    @property
    def fields(self) -> list[str]:
        return [self.field, self.tie] if self.tie else [self.field]


class Page(TypedDict, Generic[Shape]):
    items: list[Shape]
    next: str | None


def page(
    query: Mapping[str, Any], rows: QuerySet[Row], order: Order, shape: Callable[[Row], Shape]
) -> Page[Shape]:
    """`query` is a read PageQuery."""
    limit = query["limit"]
    sign = "-" if order.descending else ""
    rows = rows.order_by(*(f"{sign}{field}" for field in order.fields))
    if cursor := query.get("cursor"):
        rows = rows.filter(_after(order, _read(cursor, _kinds(rows.model, order))))
    found = _joined_after(rows, limit + 1) if rows.query.select_related else list(rows[: limit + 1])
    following = None
    if len(found) > limit:
        found = found[:limit]
        following = _write([getattr(found[-1], field) for field in order.fields])
    return {"items": [shape(row) for row in found], "next": following}


def _joined_after(rows: QuerySet[Row], most: int) -> list[Row]:
    """The page first, its joins after. In one query the walls of all joined tables multiply into an estimate of one
    row, and the planner joins and sorts a tenant's whole history for fifty rows of it."""
    keys = list(rows.select_related(None).values_list("pk", flat=True)[:most])
    by_key = {row.pk: row for row in rows.order_by().filter(pk__in=keys)}
    return [by_key[key] for key in keys if key in by_key]


def _after(order: Order, place: Sequence[Any]) -> Q:
    """As `field <= c AND (field < c OR tie < t)`: a bare OR would lose the index."""
    less, equal = ("lt", "lte") if order.descending else ("gt", "gte")
    if not order.tie:
        return Q(**{f"{order.field}__{less}": place[0]})
    return Q(**{f"{order.field}__{equal}": place[0]}) & (
        Q(**{f"{order.field}__{less}": place[0]}) | Q(**{f"{order.tie}__{less}": place[1]})
    )


def _kinds(model: type[models.Model], order: Order) -> list[Callable[[str], Any]]:
    readers: list[Callable[[str], Any]] = []
    for name in order.fields:
        field = model._meta.get_field(name)
        if isinstance(field, models.DateTimeField):
            readers.append(_moment)
        elif isinstance(field, models.UUIDField):
            readers.append(UUID)
        elif isinstance(field, models.IntegerField):
            readers.append(_number)
        else:
            readers.append(_text)
    return readers


def _write(place: Sequence[Any]) -> str:
    values = [value.isoformat() if isinstance(value, datetime) else str(value) for value in place]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(cursor: str, readers: Sequence[Callable[[str], Any]]) -> list[Any]:
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError(cursor)
        return [reader(value) for reader, value in zip(readers, values, strict=True)]
    except (ValueError, binascii.Error, RecursionError):
        raise Invalid("This cursor is not one of ours.", fields={"cursor": "not one of ours"}) from None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:  # would lose the index and mean another instant
        raise ValueError(text)
    return moment


def _number(text: str) -> int:
    number = int(text) if len(text) < 20 else -1
    if not 0 <= number < 2**63:
        raise ValueError(text)
    return number


def _text(text: str) -> str:
    if "\x00" in text:
        raise ValueError(text)
    return text
