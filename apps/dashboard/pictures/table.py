"""A rollout's objects as a table: sorted by what the address asks for, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator

from apps.dashboard.pictures.objects import ObjectLine, Objects

A_PAGE = 25

_KEYS: dict[str, Callable[[ObjectLine], Any]] = {
    "state": lambda line: (line.rank, line.verb == "unchanged"),
    "kind": lambda line: (line.kind, line.name),
    "name": lambda line: line.name,
    "namespace": lambda line: (line.namespace, line.name),
    "plan": lambda line: (line.verb == "unchanged", line.verb),
    "ready": lambda line: (line.wanted is None, (line.ready or 0) / (line.wanted or 1), line.name),
}
_TITLES = {
    "state": "State",
    "kind": "Kind",
    "name": "Name",
    "namespace": "Namespace",
    "plan": "In the plan",
    "ready": "Ready",
}


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    query: str  # what sorts by it, the other way round where it is sorted by already
    order: str  # "ascending", "descending" or ""


@dataclass(frozen=True, slots=True)
class ObjectTable:
    columns: tuple[Column, ...]
    page: Page[ObjectLine]
    sort: str
    spaces: bool  # more than one namespace, so each line says its own


def table_of(objects: Objects, sort: str, page: str) -> ObjectTable:
    """`sort` is a column's name, "-" before it for the other way round; anything else is by state."""
    name = sort.removeprefix("-")
    if name not in _KEYS:
        name = sort = "state"
    lines = sorted(objects.everything, key=_KEYS[name], reverse=sort.startswith("-"))
    spaces = len({line.namespace for line in lines}) > 1
    columns = tuple(
        Column(
            title,
            f"view=table&sort={'-' if column == sort else ''}{column}",
            "" if column != name else "descending" if sort.startswith("-") else "ascending",
        )
        for column, title in _TITLES.items()
        if column != "namespace" or spaces
    )
    return ObjectTable(columns, Paginator(lines, A_PAGE).get_page(page), sort, spaces)
