from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from slipway.cli.client import said
from slipway.cli.outcomes import CommandFailed, Outcome
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import connect

app = typer.Typer(help="Clusters: Kubernetes API endpoints.", no_args_is_help=True)

_COLUMNS = columns_of("slug", "server", "version", "reachability", "sentence", "simulated")


@app.command("list")
def list_clusters(context: typer.Context, limit: Limit = 50, output: Output = Format.TABLE) -> None:
    """Clusters, and whether they answer."""
    api = connect(context)
    rows = api.pages(api.inside("clusters"), most=limit)
    show_rows(rows, _COLUMNS, output, empty="There are no clusters yet.")


@app.command()
def add(
    context: typer.Context,
    cluster: str,
    kubeconfig: Annotated[Path, typer.Option(help="The file; `-` is stdin. It is parsed, never executed.")],
    kubeconfig_context: Annotated[str, typer.Option("--context", help="Which of its contexts.")] = "",
    name: str = "",
    output: Output = Format.TABLE,
) -> None:
    """Add a cluster by a kubeconfig with a token or a client certificate, then ask it who it is."""
    text = _read(kubeconfig)
    api = connect(context)
    body = said(slug=cluster, name=name, kubeconfig=text, kubeconfig_context=kubeconfig_context)
    api.post(api.inside("clusters"), body)
    _check(context, cluster, output)


@app.command()
def rotate(
    context: typer.Context,
    cluster: str,
    kubeconfig: Annotated[Path, typer.Option(help="The file; `-` is stdin. It is parsed, never executed.")],
    kubeconfig_context: Annotated[str, typer.Option("--context", help="Which of its contexts.")] = "",
    output: Output = Format.TABLE,
) -> None:
    """Give a cluster other credentials, then ask it who it is. Rollouts that run go on with the new ones."""
    text = _read(kubeconfig)
    api = connect(context)
    path = api.inside("clusters", cluster)
    body = said(kubeconfig=text, kubeconfig_context=kubeconfig_context)
    api.patch(path, body, revision=api.get(path)["revision"])
    _check(context, cluster, output)


@app.command()
def check(context: typer.Context, cluster: str, output: Output = Format.TABLE) -> None:
    """Ask a cluster now. Ends with 1 when it does not answer."""
    _check(context, cluster, output)


def _read(kubeconfig: Path) -> str:
    try:
        return sys.stdin.read() if str(kubeconfig) == "-" else kubeconfig.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise CommandFailed(f"{kubeconfig} cannot be read: {why}.", Outcome.USAGE) from None


def _check(context: typer.Context, cluster: str, output: Format) -> None:
    api = connect(context)
    row = api.post(api.inside("clusters", cluster, "check"))
    show_one(row, _COLUMNS, output)
    if row["reachability"] != "reachable":
        raise CommandFailed(f"{cluster} is {row['reachability']}: {row['sentence']}")
