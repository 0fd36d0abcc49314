from __future__ import annotations

from uuid import UUID

import typer

from slipway.cli.client import said
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import connect, remark

app = typer.Typer(help="Teams: people who are named together.", no_args_is_help=True)

_COLUMNS = [
    *columns_of("slug", "name"),
    ("members", lambda row: ", ".join(one["email"] for one in row["members"])),
]


@app.command("list")
def list_teams(context: typer.Context, limit: Limit = 50, output: Output = Format.TABLE) -> None:
    """Teams and who is in them."""
    api = connect(context)
    show_rows(api.pages(api.inside("teams"), most=limit), _COLUMNS, output, empty="There are no teams yet.")


@app.command()
def create(context: typer.Context, team: str, name: str = "", output: Output = Format.TABLE) -> None:
    """Make a team, empty and without a grant."""
    api = connect(context)
    show_one(api.post(api.inside("teams"), said(slug=team, name=name or None)), _COLUMNS, output)


@app.command()
def add(context: typer.Context, team: str, member: UUID, output: Output = Format.TABLE) -> None:
    """Put a member into a team, by the id of `people list`; never oneself."""
    api = connect(context)
    show_one(api.post(api.inside("teams", team, "members"), {"member": str(member)}), _COLUMNS, output)


@app.command()
def take(context: typer.Context, team: str, member: UUID) -> None:
    """Take a member out of a team."""
    api = connect(context)
    api.delete(api.inside("teams", team, "members", member))
    remark(f"They are no longer in {team}.")


@app.command()
def delete(context: typer.Context, team: str) -> None:
    """Delete a team; its grants end with it."""
    api = connect(context)
    api.delete(api.inside("teams", team))
    remark(f"{team} is deleted.")
