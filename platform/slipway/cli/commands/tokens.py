from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from slipway.cli.client import said
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import connect, remark

app = typer.Typer(
    help="API tokens. Each acts as its person or service account, within its scopes.", no_args_is_help=True
)

_COLUMNS = columns_of(
    "id",
    "person",
    "name",
    "hint",
    "scopes",
    "addresses",
    "expires_at",
    "last_used_at",
    "last_used_address",
    "revoked_at",
)


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
    address: Annotated[
        list[str] | None,
        typer.Option(help="A network it may be used from, such as 10.1.0.0/16; may be repeated."),
    ] = None,
    account: Annotated[
        UUID | None, typer.Option(help="A service account that it acts as, by the id of `people list`.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Make a token. Its secret is printed once."""
    api = connect(context)
    body = said(name=name, scopes=[str(one) for one in scope], days=days, addresses=address)
    if account:
        body["account"] = str(account)
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
