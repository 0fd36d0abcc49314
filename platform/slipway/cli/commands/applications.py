from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from slipway.cli.client import said
from slipway.cli.outcomes import CommandFailed
from slipway.cli.output import Format, Limit, Output, columns_of, show_one, show_rows
from slipway.cli.session import connect

app = typer.Typer(help="Applications: what is deployed as one.", no_args_is_help=True)

_COLUMNS = columns_of("slug", "name", "source_kind", "repository", "labels")
Label = Annotated[list[str] | None, typer.Option("--label", help="key=value; may be repeated.")]


class SourceKind(StrEnum):
    PLAIN = "plain"
    KUSTOMIZE = "kustomize"


@app.command("list")
def list_applications(
    context: typer.Context,
    label: Annotated[str, typer.Option(help="Only those with team=shop, or with team at all.")] = "",
    limit: Limit = 50,
    output: Output = Format.TABLE,
) -> None:
    """Applications by name."""
    api = connect(context)
    rows = api.pages(api.inside("applications"), most=limit, label=label)
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
    label: Label = None,
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
        labels=dict(_pair(text) for text in label or ()),
    )
    row = api.post(api.inside("applications"), body)
    show_one(row, _COLUMNS, output)


@app.command("label")
def put_labels(
    context: typer.Context,
    application: str,
    labels: Annotated[list[str], typer.Argument(help="key=value to set, key- to take off.")],
    output: Output = Format.TABLE,
) -> None:
    """Set or take off labels: slipway apps label boutique team=shop tier-"""
    api = connect(context)
    path = api.inside("applications", application)
    row = api.get(path)
    wanted = dict(row["labels"])
    for text in labels:
        if "=" not in text and text.endswith("-"):
            wanted.pop(text[:-1], None)
        else:
            wanted.update([_pair(text)])
    # Made from the revision just read: whoever changed it meanwhile is not overwritten.
    show_one(api.patch(path, {"labels": wanted}, revision=row["revision"]), _COLUMNS, output)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise CommandFailed(f"“{text}” is no label; write key=value, as in team=shop.")
    return key, value
