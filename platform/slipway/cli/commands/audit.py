from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from slipway.cli.outcomes import CommandFailed
from slipway.cli.output import Format, Limit, Output, clock, columns_of, show_one, show_rows
from slipway.cli.session import connect

app = typer.Typer(help="Who did what.", no_args_is_help=True)

_COLUMNS = columns_of("number", "at", "by.label", "action", "object.kind", "object.label", "why")


class ExportFormat(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


@app.command("list")
def list_entries(
    context: typer.Context, action: str = "", limit: Limit = 50, output: Output = Format.TABLE
) -> None:
    """Entries, newest first."""
    api = connect(context)
    rows = api.pages(api.inside("audit"), most=limit, action=action)
    titles = ("NUMBER", "AT", "BY", "ACTION", "KIND", "OBJECT", "WHY")
    columns = [(title, read) for title, (_, read) in zip(titles, _COLUMNS, strict=True)]
    columns[1] = ("AT", lambda row: clock(row["at"]))
    show_rows(rows, columns, output, empty="Nothing was done yet.")


@app.command()
def verify(
    context: typer.Context,
    file: Annotated[Path | None, typer.Option(help="An export, checked here without asking anybody.")] = None,
    key: Annotated[
        str, typer.Option(help="The fingerprint of the key that must have signed the export.")
    ] = "",
    output: Output = Format.TABLE,
) -> None:
    """Walk the whole chain. Ends with 1 where it is broken."""
    if file is not None:
        typer.echo(_verified(file, key))
        return
    api = connect(context)
    verdict = api.get(api.inside("audit", "verify"))
    show_one(verdict, columns_of("sound", "entries", "first_bad", "sentence"), output)
    if not verdict["sound"]:
        raise CommandFailed(verdict["sentence"])


@app.command()
def export(
    context: typer.Context,
    to: Annotated[Path, typer.Argument(help="The file to write.")],
    kind: Annotated[ExportFormat, typer.Option("--format")] = ExportFormat.JSONL,
    first: Annotated[int | None, typer.Option(help="From this entry on.")] = None,
    last: Annotated[int | None, typer.Option(help="Up to this entry.")] = None,
) -> None:
    """Write the audit into a file. JSON lines can be verified, CSV is for a spreadsheet."""
    api = connect(context)
    unfinished = to.with_name(f"{to.name}.part")
    try:
        with unfinished.open("wb") as into:
            api.download(api.inside("audit", "export"), into, kind=kind.value, first=first, last=last)
        if kind is ExportFormat.JSONL:
            typer.echo(_verified(unfinished, ""))
        unfinished.replace(to)
    except OSError as error:
        raise CommandFailed(f"{to} cannot be written ({error.strerror}).") from None
    finally:
        unfinished.unlink(missing_ok=True)


@app.command()
def keys(context: typer.Context, output: Output = Format.TABLE) -> None:
    """The keys that sign the audit. Note the fingerprint where the server cannot reach it."""
    api = connect(context)
    rows = api.get(api.inside("audit", "keys"))
    show_rows(
        rows, columns_of("fingerprint", "made_at", "retired_at"), output, empty="No key was needed yet."
    )


def _verified(file: Path, key: str) -> str:
    from slipway import verifier

    try:
        with file.open("rb") as lines:
            return verifier.verify(lines, pinned=key)
    except verifier.Broken as problem:
        raise CommandFailed(str(problem)) from None
    except (KeyError, ValueError):
        raise CommandFailed(f"{file} is not a whole export.") from None
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read ({error.strerror}).") from None
