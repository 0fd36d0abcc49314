from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from slipway.cli.client import Api
from slipway.cli.outcomes import CommandFailed
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import connect, remark

app = typer.Typer(help="Voices given to somebody else until a day.", no_args_is_help=True)

_COLUMNS = columns_of("id", "giver", "holder", "ends_at")


@app.command("list")
def list_delegations(context: typer.Context, limit: Limit = 50, output: Output = Format.TABLE) -> None:
    """Who decides for whom, and until when."""
    api = connect(context)
    rows = api.pages(api.inside("delegations"), most=limit)
    show_rows(rows, _COLUMNS, output, empty="Nobody decides for anybody else.")


@app.command()
def give(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="The address of who decides for you.")],
    days: Annotated[int, typer.Option(min=1, max=90, help="For so many days.")],
    output: Output = Format.TABLE,
) -> None:
    """Let somebody decide in your place. Where you may not approve, they do not for you either."""
    api = connect(context)
    ends_at = (datetime.now(UTC) + timedelta(days=days) - timedelta(minutes=1)).isoformat()
    show_one(api.post(api.inside("delegations"), {"email": email, "ends_at": ends_at}), _COLUMNS, output)


@app.command("take-back")
def take_back(context: typer.Context, delegation: str) -> None:
    """End it at once."""
    api = connect(context)
    api.delete(api.inside("delegations", delegation))
    remark("It is over.")


def giver_of(api: Api, email: str) -> str:
    """The id of the person with this address who gave their voice to us, or to anybody: the server judges."""
    for row in api.pages(api.inside("delegations"), most=0):
        if row["giver_email"].lower() == email.lower():
            return str(row["giver_id"])
    raise CommandFailed(f"{email} gave nobody a voice.")
