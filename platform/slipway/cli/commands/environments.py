from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from slipway.cli.client import said
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import connect

app = typer.Typer(help="Environments: where applications go, in promotion order.", no_args_is_help=True)

_COLUMNS = columns_of(
    "slug", "position", "delivery_mode", "approvals_needed", "strategy", "clusters", "production"
)


class Delivery(StrEnum):
    MANUAL = "manual"
    AUTO = "auto"
    APPROVE = "approve"


class Strategy(StrEnum):
    ROLLING = "rolling"
    RECREATE = "recreate"


@app.command("list")
def list_environments(context: typer.Context, limit: Limit = 50, output: Output = Format.TABLE) -> None:
    """Environments in promotion order."""
    api = connect(context)
    rows = api.pages(api.inside("environments"), most=limit)
    show_rows(rows, _COLUMNS, output, empty="There are no environments yet.")


@app.command()
def show(context: typer.Context, environment: str, output: Output = Format.TABLE) -> None:
    """One environment's policy."""
    api = connect(context)
    row = api.get(api.inside("environments", environment))
    show_one(row, columns_of(*(name for name in row if name != "revision")), output)


@app.command()
def create(
    context: typer.Context,
    environment: str,
    cluster: Annotated[list[str], typer.Option(help="A cluster it is on; may be repeated.")],
    name: str = "",
    delivery: Annotated[Delivery, typer.Option(help="Who starts rollouts.")] = Delivery.MANUAL,
    approvals: Annotated[int | None, typer.Option(min=0, help="Approvals that each rollout needs.")] = None,
    strategy: Strategy = Strategy.ROLLING,
    namespace: Annotated[str, typer.Option(help="May hold {application} and {environment}.")] = "",
    production: bool = False,
    bake: Annotated[int | None, typer.Option(min=0, help="Seconds that health must hold at the end.")] = None,
    deadline: Annotated[
        int | None, typer.Option(min=5, help="Seconds without progress until it failed.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Make an environment; it comes last in promotion order."""
    api = connect(context)
    body = said(
        slug=environment,
        clusters=cluster,
        name=name,
        delivery_mode=str(delivery),
        approvals_needed=1 if approvals is None and delivery is Delivery.APPROVE else approvals,
        strategy=str(strategy),
        namespace_template=namespace,
        production=production,
        bake_seconds=bake,
        progress_deadline_seconds=deadline,
    )
    row = api.post(api.inside("environments"), body)
    show_one(row, _COLUMNS, output)


@app.command()
def move(context: typer.Context, environment: str, position: int, output: Output = Format.TABLE) -> None:
    """Give it another place in promotion order; 1 is the first."""
    api = connect(context)
    row = api.post(api.inside("environments", environment, "move"), {"position": position})
    show_one(row, _COLUMNS, output)


@app.command("add-cluster")
def add_cluster(
    context: typer.Context, environment: str, cluster: str, output: Output = Format.TABLE
) -> None:
    """Let it stand on one more cluster. Nothing starts by itself: what comes next goes there too."""
    api = connect(context)
    row = api.post(api.inside("environments", environment, "clusters"), {"cluster": cluster})
    show_one(row, _COLUMNS, output)


@app.command("remove-cluster")
def remove_cluster(
    context: typer.Context, environment: str, cluster: str, output: Output = Format.TABLE
) -> None:
    """Take it off a cluster on which nothing of it is live, moves or waits."""
    api = connect(context)
    row = api.delete(api.inside("environments", environment, "clusters", cluster))
    show_one(row, _COLUMNS, output)
