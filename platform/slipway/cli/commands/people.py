from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from slipway.cli.client import said
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import confirm, connect, remark

app = typer.Typer(help="Members of the organization, service accounts among them.", no_args_is_help=True)

_COLUMNS = columns_of("id", "name", "email", "role", "teams", "service", "suspended_at", "since")


@app.command("list")
def list_people(
    context: typer.Context,
    service: Annotated[bool, typer.Option("--service", help="Service accounts alone.")] = False,
    limit: Limit = 50,
    output: Output = Format.TABLE,
) -> None:
    """Members, longest here first."""
    api = connect(context)
    path = api.inside("members", "service-accounts") if service else api.inside("members")
    show_rows(api.pages(path, most=limit), _COLUMNS, output, empty="There are none.")


@app.command("add-service")
def add_service(
    context: typer.Context,
    name: str,
    role: Annotated[str, typer.Option(help="admin, releaser, developer, auditor or viewer.")],
    output: Output = Format.TABLE,
) -> None:
    """Make a service account. It acts by tokens alone and approves nothing."""
    api = connect(context)
    row = api.post(api.inside("members", "service-accounts"), {"name": name, "role": role})
    show_one(row, _COLUMNS, output)
    remark(f"Make its token with: slipway tokens create NAME --scope … --account {row['id']}")


@app.command()
def suspend(
    context: typer.Context,
    member: UUID,
    why: Annotated[str, typer.Option(help="For the audit.")] = "",
) -> None:
    """Let a member in nowhere, and keep all that they have."""
    api = connect(context)
    row = api.put(api.inside("members", member, "suspension"), said(why=why or None))
    remark(f"{row['name']} is suspended; their sockets and tokens are dead within 10 seconds.")


@app.command()
def restore(context: typer.Context, member: UUID) -> None:
    """Let a suspended member in again, as they were."""
    api = connect(context)
    row = api.delete(api.inside("members", member, "suspension"))
    remark(f"{row['name']} is back, as {row['role']}.")


@app.command()
def remove(context: typer.Context, member: UUID, yes: Annotated[bool, typer.Option("--yes")] = False) -> None:
    """End a membership, its teams, grants and tokens."""
    if confirm("Remove this member?", yes=yes):
        api = connect(context)
        api.delete(api.inside("members", member))
        remark("The member is removed.")
