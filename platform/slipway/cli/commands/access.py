from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from slipway.cli.client import said
from slipway.cli.outcomes import CommandFailed
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import connect, remark

app = typer.Typer(help="Who may do what where, and why.", no_args_is_help=True)

_ANSWER = columns_of("allowed", "sentence", "because")
_GRANTS = columns_of("id", "email", "team", "right", "application", "environment", "given_by", "since")

Where = Annotated[str, typer.Option("--environment", help="In this one alone; in all when not given.")]
What = Annotated[str, typer.Option("--app", help="For this application alone; for all when not given.")]


@app.command()
def explain(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="An e-mail address, or a service account's name.")],
    action: Annotated[str, typer.Argument(help="start, approve, configure, see-audit …")],
    place: Annotated[
        str, typer.Argument(metavar="[OBJECT]", help="production, shop, or shop/production.")
    ] = "",
    token: Annotated[UUID | None, typer.Option(help="As if asked by this token of theirs.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Say why somebody may or may not do something. Ends with 1 when they may not."""
    api = connect(context)
    query = {"person": person, "action": action, "object": place, "token": str(token) if token else ""}
    row = api.get(api.inside("access", "explain"), **query)
    if output is Format.TABLE:
        typer.echo(row["sentence"])
        for line in row["because"]:
            typer.echo(f"  {line}")
    else:
        show_one(row, _ANSWER, output)
    if not row["allowed"]:
        raise CommandFailed("They may not.")


@app.command("list")
def list_grants(
    context: typer.Context,
    team: Annotated[str, typer.Option(help="Of this team alone.")] = "",
    limit: Limit = 50,
    output: Output = Format.TABLE,
) -> None:
    """Grants: what people and teams may do beyond their roles."""
    api = connect(context)
    rows = api.pages(api.inside("grants"), most=limit, team=team)
    show_rows(rows, _GRANTS, output, empty="There are no grants.")


@app.command()
def grant(
    context: typer.Context,
    right: Annotated[str, typer.Argument(help="deploy, approve or configure.")],
    member: Annotated[UUID | None, typer.Option(help="To this member, by the id of `people list`.")] = None,
    team: Annotated[str, typer.Option(help="To this team.")] = "",
    environment: Where = "",
    application: What = "",
    output: Output = Format.TABLE,
) -> None:
    """Give a right to a member or a team; never to oneself."""
    api = connect(context)
    body = said(
        right=right,
        member=str(member) if member else None,
        team=team or None,
        environment=environment or None,
        application=application or None,
    )
    show_one(api.post(api.inside("grants"), body), _GRANTS, output)


@app.command("take-back")
def take_back(context: typer.Context, grant: UUID) -> None:
    """Take a grant back, by the id that `list` shows."""
    api = connect(context)
    api.delete(api.inside("grants", grant))
    remark("The grant is taken back.")
