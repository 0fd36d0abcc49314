"""The same rows as a table for people, or as JSON or YAML for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


Output = Annotated[Format, typer.Option("--output", "-o", help="How to print it.")]
Limit = Annotated[int, typer.Option("--limit", min=0, help="At most so many; 0 for all.")]

Column = tuple[str, Callable[[Mapping[str, Any]], Any]]


def show_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], output: Format, *, empty: str
) -> None:
    if output is not Format.TABLE:
        _dump(list(rows), output)
    elif not rows:
        typer.echo(empty, err=True)
    else:
        _table([title for title, _ in columns], [[_cell(read(row)) for _, read in columns] for row in rows])


def show_one(row: Mapping[str, Any], columns: Sequence[Column], output: Format) -> None:
    """Its columns one under another."""
    if output is not Format.TABLE:
        _dump(dict(row), output)
        return
    width = max(len(title) for title, _ in columns)
    for title, read in columns:
        typer.echo(f"{title:<{width}}  {_cell(read(row))}".rstrip())


def field(name: str) -> Callable[[Mapping[str, Any]], Any]:
    """`live.version` reads inside; None where something on the way is not there."""

    def read(row: Mapping[str, Any]) -> Any:
        value: Any = row
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    return read


def age(name: str) -> Callable[[Mapping[str, Any]], str]:
    """ "4 min" since that moment."""
    read = field(name)
    return lambda row: since(read(row))


def since(moment: str | None, *, now: datetime | None = None) -> str:
    if not moment:
        return ""
    seconds = int(((now or datetime.now(UTC)) - datetime.fromisoformat(moment)).total_seconds())
    for size, word in ((86_400, "d"), (3600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds // size} {word}"
    return f"{max(seconds, 0)} s"


def clock(moment: str) -> str:
    """In the reader's zone; the day only where it is another one."""
    at = datetime.fromisoformat(moment).astimezone()
    return f"{at:%H:%M:%S}" if at.date() == datetime.now().astimezone().date() else f"{at:%Y-%m-%d %H:%M}"


def columns_of(*names: str) -> list[Column]:
    """A column for each field, its title the field's name in capitals."""
    return [(name.rpartition(".")[2].replace("_", " ").upper(), field(name)) for name in names]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{key}={entry}" for key, entry in value.items()) or "-"
    return str(value)


def _dump(value: Any, output: Format) -> None:
    if output is Format.JSON:
        typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
        return
    import yaml

    typer.echo(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), nl=False)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Plain columns: they survive a pipe into awk, which boxes do not."""
    widths = [max(len(row[index]) for row in (titles, *rows)) for index in range(len(titles))]
    for row in (titles, *rows):
        typer.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
