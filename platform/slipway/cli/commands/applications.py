from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from slipway.cli.client import said
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import connect

app = typer.Typer(help="Applications: what is deployed as one.", no_args_is_help=True)

_COLUMNS = columns_of("slug", "name", "source_kind", "repository")


class SourceKind(StrEnum):
    PLAIN = "plain"
    KUSTOMIZE = "kustomize"


@app.command("list")
def list_applications(context: typer.Context, limit: Limit = 50, output: Output = Format.TABLE) -> None:
    """Applications by name."""
    api = connect(context)
    rows = api.pages(api.inside("applications"), most=limit)
    show_rows(rows, _COLUMNS, output, empty="There are no applications yet.")


@app.command()
def show(context: typer.Context, application: str, output: Output = Format.TABLE) -> None:
    """One application's settings."""
    api = connect(context)
    row = api.get(api.inside("applications", application))
    show_one(row, columns_of(*(name for name in row if name != "revision")), output)


@app.command()
def create(
    context: typer.Context,
    application: str,
    name: str = "",
    repository: str = "",
    source: Annotated[SourceKind, typer.Option(help="What its bundles are.")] = SourceKind.PLAIN,
    overlays: Annotated[
        str, typer.Option(help="Where a bundle holds each environment, as in overlays/{environment}.")
    ] = "",
    ignore: Annotated[
        list[str] | None, typer.Option(help="A field that is no drift; may be repeated.")
    ] = None,
    require_digests: Annotated[bool, typer.Option(help="Refuse images without a digest.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Make an application."""
    api = connect(context)
    body = said(
        slug=application,
        name=name,
        repository=repository,
        source_kind=str(source),
        overlay_pattern=overlays,
        ignore_rules=ignore,
        require_digests=require_digests,
    )
    row = api.post(api.inside("applications"), body)
    show_one(row, _COLUMNS, output)
