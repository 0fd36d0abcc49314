"""What is where: a page of applications, by environment or target by target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count

from apps.applications.known_labels import label_keys, label_pairs
from apps.applications.models import Application
from apps.dashboard.pictures.applications_sought import applications_sought, wanted_by_ids
from apps.dashboard.pictures.cells import Cell, by_application, cells_by_rollouts, cells_of, targets_of_page
from apps.dashboard.pictures.look import ONLY, Look
from apps.dashboard.words import count
from apps.environments.choices import DeliveryMode
from apps.environments.models import Environment
from apps.organizations.access import Actor

__all__ = ["Matrix", "cells_by_rollouts", "cells_of", "matrix_of"]

PAGE_SIZE = 25
MOST_FOLLOWED = 12  # a page may follow 16 streams
_MOST_LABELS = 200  # offered while typing; more are found by typing them


@dataclass(frozen=True, slots=True)
class MatrixRow:
    application: Application
    cells: tuple[tuple[Cell, ...], ...]  # per environment, in order


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one value of a label; without grouping there is one, untitled."""

    title: str
    value: str | None
    size: int  # in the whole answer, not on this page
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One target, for those who read lists."""

    application: Application
    environment: Environment
    cell: Cell


@dataclass(frozen=True, slots=True)
class Column:
    environment: Environment
    policy: str


@dataclass(frozen=True, slots=True)
class Chip:
    word: str
    is_pressed: bool
    query: str  # the address when it is pressed


@dataclass(frozen=True, slots=True)
class Matrix:
    look: Look
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    page: Page[Any]
    chips: tuple[Chip, ...]
    label_keys: tuple[str, ...]
    labels: tuple[str, ...]  # "team=shop", to choose from

    @property
    def followed(self) -> list[Cell]:
        """What moves on this page, as far as one socket follows it; the rest is true again with the next activity."""
        cells = [cell for group in self.groups for row in group.rows for here in row.cells for cell in here]
        return [cell for cell in cells if cell.rollout_id][:MOST_FOLLOWED]

    @property
    def query(self) -> str:
        return self.look.query()

    @property
    def query_as_list(self) -> str:
        return self.look.query(layout="list")

    @property
    def query_as_matrix(self) -> str:
        return self.look.query(layout="matrix")

    @property
    def lines(self) -> Iterator[Line]:
        """Of a narrowed page only what the narrowing is about: who asks for what moves wants no line that rests."""
        for group in self.groups:
            for row in group.rows:
                for column, cells in zip(self.columns, row.cells, strict=True):
                    for cell in cells:
                        if all(_ABOUT[word](cell) for word in self.look.only):
                            yield Line(row.application, column.environment, cell)


_ABOUT: Mapping[str, Any] = {
    "moving": lambda cell: cell.is_moving,
    "behind": lambda cell: cell.behind > 0,
    "bad": lambda cell: cell.troubled,
}


def matrix_of(actor: Actor, look: Look, *, page: str = "1") -> Matrix:
    """Inside the organization's scope."""
    wanted = applications_sought(actor, look)
    # A narrowed look is searched once: its ids are counted and cut here, and the page's rows are fetched by them.
    sought: Any = list(wanted.values_list("id", flat=True)) if look.is_narrowed else wanted
    chosen: Page[Any] = Paginator(sought, PAGE_SIZE).get_page(page)
    rows: list[Application] = _of_ids(actor, look, list(chosen)) if look.is_narrowed else list(chosen)
    environments = list(Environment.objects.order_by("position"))
    cells = by_application(environments, cells_of(targets_of_page(rows)))
    empty: tuple[tuple[Cell, ...], ...] = ((),) * len(environments)
    lined = [MatrixRow(row, cells.get(row.id, empty)) for row in rows]
    keys = label_keys()
    return Matrix(
        look=look,
        columns=tuple(Column(place, _policy(place)) for place in environments),
        groups=_groups(look, wanted, lined),
        page=chosen,
        chips=tuple(Chip(word, word in look.only, look.toggled(word)) for word in ONLY),
        label_keys=keys,
        labels=label_pairs(_MOST_LABELS) if keys else (),
    )


def _of_ids(actor: Actor, look: Look, ids: Sequence[UUID]) -> list[Application]:
    by_id = {row.id: row for row in wanted_by_ids(actor, look, ids)}
    return [by_id[identifier] for identifier in ids]


def _groups(look: Look, wanted: Any, rows: Sequence[MatrixRow]) -> tuple[Group, ...]:
    if not look.group:
        return (Group("", None, len(rows), tuple(rows)),)
    values = list(dict.fromkeys(row.application.group for row in rows))  # type: ignore[attr-defined]  # annotated
    sizes = dict(wanted.order_by().values_list("group").annotate(size=Count("id")))
    return tuple(
        Group(
            title=f"{look.group}: {value}" if value is not None else f"without {look.group}",
            value=value,
            size=sizes.get(value, 0),
            rows=tuple(row for row in rows if row.application.group == value),  # type: ignore[attr-defined]  # same
        )
        for value in values
    )


def _policy(environment: Environment) -> str:
    if environment.approvals_needed:
        return count(environment.approvals_needed, "approval")
    return "auto" if environment.delivery_mode == DeliveryMode.AUTO else "manual"
