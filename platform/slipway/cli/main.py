from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from slipway.cli import account
from slipway.cli.commands import (
    access,
    applications,
    audit,
    clusters,
    delegations,
    environments,
    login,
    people,
    policy,
    releases,
    rollouts,
    servers,
    targets,
    teams,
    tokens,
)
from slipway.cli.outcomes import EXPLAINED, CommandFailed, Outcome

app = typer.Typer(
    name="slipway",
    help="Releases to Kubernetes: planned, gated, watched, taken back.",
    epilog=EXPLAINED,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
login.add_to(app)
for group, name in (
    (applications.app, "apps"),
    (environments.app, "environments"),
    (policy.app, "policy"),
    (delegations.app, "delegations"),
    (releases.app, "releases"),
    (rollouts.app, "rollouts"),
    (targets.app, "targets"),
    (clusters.app, "clusters"),
    (people.app, "people"),
    (teams.app, "teams"),
    (access.app, "access"),
    (tokens.app, "tokens"),
    (audit.app, "audit"),
):
    app.add_typer(group, name=name, rich_help_panel="Work")
servers.add_to(app)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"slipway {version('slipway')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    url: Annotated[
        str, typer.Option(help="The address of Slipway, in place of the one you logged in to.")
    ] = "",
    organization: Annotated[str, typer.Option("--organization", "-O", help="Its short name.")] = "",
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    context.obj = account.Wishes(url=url, organization=organization)


def execute(arguments: Sequence[str]) -> int:
    """Runs one command; answers its exit code."""
    try:
        app(list(arguments), prog_name="slipway")
    except CommandFailed as failure:
        typer.echo(f"slipway: {failure.sentence}", err=True)
        return int(failure.outcome)
    except KeyboardInterrupt:
        return int(Outcome.INTERRUPTED)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return int(Outcome.DONE)


def run() -> None:
    sys.exit(execute(sys.argv[1:]))
