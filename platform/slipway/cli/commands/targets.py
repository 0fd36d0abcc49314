from __future__ import annotations

from typing import Annotated

import typer

from slipway.cli.client import Api, Json, said
from slipway.cli.outcomes import CommandFailed
from slipway.cli.output import Format, Limit, Output, age, columns_of, field, show_one, show_rows
from slipway.cli.session import connect, remark

app = typer.Typer(help="Targets: what is live where.", no_args_is_help=True)

_COLUMNS = [
    *columns_of("application", "environment", "cluster", "live.version"),
    ("FOR", age("live.since")),
    *columns_of("health", "active_phase", "needs_person"),
]
Why = Annotated[str, typer.Option(help="Kept with it, for whoever reads it later.")]
Cluster = Annotated[str, typer.Option(help="Where an environment has several.")]


@app.command("list")
def list_targets(
    context: typer.Context,
    application: str = "",
    environment: str = "",
    cluster: str = "",
    at: Annotated[str, typer.Option(help="What was live then, as 2026-11-23T14:05:00Z.")] = "",
    limit: Limit = 50,
    output: Output = Format.TABLE,
) -> None:
    """What is live where, now or at an instant."""
    api = connect(context)
    rows = api.pages(
        api.inside("targets"),
        most=limit,
        application=application,
        environment=environment,
        cluster=cluster,
        at=at,
    )
    show_rows(rows, _COLUMNS, output, empty="Nothing is placed anywhere yet.")


@app.command()
def show(
    context: typer.Context,
    application: str,
    environment: str,
    cluster: Cluster = "",
    output: Output = Format.TABLE,
) -> None:
    """One target, and what stood there before."""
    api = connect(context)
    row = api.get(api.inside("targets", find_target(api, application, environment, cluster)["id"]))
    show_one(row, [*_COLUMNS, ("NAMESPACE", field("namespace"))], output)
    if output is Format.TABLE and row["history"]:
        typer.echo()
        show_rows(row["history"], columns_of("version", "since", "until", "by"), output, empty="")


@app.command()
def reapply(
    context: typer.Context,
    application: str,
    environment: str,
    cluster: Cluster = "",
    why: Why = "",
    output: Output = Format.TABLE,
) -> None:
    """Apply the release that is live once more."""
    api = connect(context)
    target = find_target(api, application, environment, cluster)
    row = api.post(api.inside("targets", target["id"], "reapply"), said(why=why))
    show_one(row, columns_of("number", "kind", "application", "environment", "release", "phase"), output)


@app.command("lift-mark")
def lift_mark(
    context: typer.Context, application: str, environment: str, cluster: Cluster = "", why: Why = ""
) -> None:
    """Say that the target needs no person any more: policies may start rollouts there again."""
    api = connect(context)
    target = find_target(api, application, environment, cluster)
    api.post(api.inside("targets", target["id"], "lift-mark"), said(why=why))
    remark(f"{application} in {environment} is free again.")


def find_target(api: Api, application: str, environment: str, cluster: str) -> Json:
    rows = api.pages(
        api.inside("targets"), most=2, application=application, environment=environment, cluster=cluster
    )
    if not rows:
        raise CommandFailed(f"{application} has no place in {environment}.")
    if len(rows) > 1:
        raise CommandFailed(f"{environment} has several clusters; say which with --cluster.")
    return rows[0]
