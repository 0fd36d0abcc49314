from __future__ import annotations

import typer

from slipway.cli.outcomes import CommandFailed
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import connect

app = typer.Typer(help="Who did what.", no_args_is_help=True)

_COLUMNS = columns_of("number", "at", "by.label", "action", "object.kind", "object.label", "why")


@app.command("list")
def list_entries(
    context: typer.Context, action: str = "", limit: Limit = 50, output: Output = Format.TABLE
) -> None:
    """Entries, newest first."""
    api = connect(context)
    rows = api.pages(api.inside("audit"), most=limit, action=action)
    titles = ("NUMBER", "AT", "BY", "ACTION", "KIND", "OBJECT", "WHY")
    columns = [(title, read) for title, (_, read) in zip(titles, _COLUMNS, strict=True)]
    show_rows(rows, columns, output, empty="Nothing was done yet.")


@app.command()
def verify(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Walk the whole chain. Ends with 1 where it is broken."""
    api = connect(context)
    verdict = api.get(api.inside("audit", "verify"))
    show_one(verdict, columns_of("sound", "entries", "first_bad", "sentence"), output)
    if not verdict["sound"]:
        raise CommandFailed(verdict["sentence"])
