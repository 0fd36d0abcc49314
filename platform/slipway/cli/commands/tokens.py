from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from slipway.cli.client import said
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import connect, remark

app = typer.Typer(help="API tokens. Each acts as its person, within its scopes.", no_args_is_help=True)

_COLUMNS = columns_of("id", "name", "hint", "scopes", "expires_at", "last_used_at", "revoked_at")


class Scope(StrEnum):
    READ = "read"
    RELEASE = "release"
    DEPLOY = "deploy"
    APPROVE = "approve"
    ADMIN = "admin"


@app.command("list")
def list_tokens(
    context: typer.Context,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="Of all people, for who manages them.")
    ] = False,
    limit: Limit = 50,
    output: Output = Format.TABLE,
) -> None:
    """Tokens, newest first; secrets are never shown again."""
    api = connect(context)
    rows = api.pages(api.inside("tokens"), most=limit, everybody="true" if everybody else "")
    show_rows(rows, _COLUMNS, output, empty="There are no tokens.")


@app.command()
def create(
    context: typer.Context,
    name: str,
    scope: Annotated[list[Scope], typer.Option(help="What it may do; may be repeated.")],
    days: Annotated[
        int | None, typer.Option(min=1, help="How long it is valid; for ever when not given.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Make a token. Its secret is printed once."""
    api = connect(context)
    body = said(name=name, scopes=[str(one) for one in scope], days=days)
    row = api.post(api.inside("tokens"), body)
    if output is Format.TABLE:
        remark("It is shown this once:")
        typer.echo(row["secret"])
    else:
        show_one(row, _COLUMNS, output)


@app.command()
def revoke(context: typer.Context, token: UUID) -> None:
    """End a token, by the id that `list` shows."""
    api = connect(context)
    row = api.delete(api.inside("tokens", token))
    remark(f"{row['name']} ({row['hint']}…) is revoked.")
