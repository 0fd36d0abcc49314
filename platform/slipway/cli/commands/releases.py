from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipway.cli.bundles import read_bundle
from slipway.cli.client import said
from slipway.cli.commits import branch_now, read_commits
from slipway.cli.outcomes import CommandFailed, Outcome
from slipway.cli.output import Format, Limit, Output, age, columns_of, field, show_one, show_rows
from slipway.cli.session import connect

app = typer.Typer(help="Releases: immutable versions of an application.", no_args_is_help=True)

_COLUMNS = [
    *columns_of("number", "version"),
    ("COMMIT", lambda row: str(row["commit"])[:12]),
    *columns_of("branch", "created_by"),
    ("AGE", age("created_at")),
]


@app.command("list")
def list_releases(
    context: typer.Context, application: str, limit: Limit = 50, output: Output = Format.TABLE
) -> None:
    """Releases of an application, newest first."""
    api = connect(context)
    rows = api.pages(api.inside("applications", application, "releases"), most=limit)
    show_rows(rows, _COLUMNS, output, empty=f"{application} has no releases yet.")


@app.command()
def show(context: typer.Context, application: str, version: str, output: Output = Format.TABLE) -> None:
    """One release: what it holds, and what came with it."""
    api = connect(context)
    row = api.get(api.inside("applications", application, "releases", version))
    show_one(row, [*_COLUMNS, ("DIGEST", field("digest")), ("NOTES", field("notes"))], output)
    if output is not Format.TABLE:
        return
    for title, rows, names in (
        ("rendered", row["rendered"], ("environment", "objects", "digest")),
        ("images", row["artifacts"], ("repository", "tag", "pinned", "role")),
        ("commits", row["commits"], ("sha", "subject", "author", "issue_keys")),
    ):
        if rows:
            typer.echo(f"\n{title}:")
            show_rows(rows, columns_of(*names), output, empty="")


@app.command()
def create(
    context: typer.Context,
    application: str,
    version: str,
    bundle: Annotated[
        list[Path], typer.Argument(help="YAML files, one directory (Kustomize: its root), or `-` for stdin.")
    ],
    commits_from: Annotated[
        str, typer.Option(help="A range of git, as v1.2.0..HEAD: its commits are reported.")
    ] = "",
    branch: Annotated[str, typer.Option(help="With --commits-from: the one that is checked out.")] = "",
    notes: str = "",
    setting: Annotated[
        list[str] | None, typer.Option(help="name=value, kept with it; may be repeated.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Make a release. Exactly the same one again is the first one again."""
    body = said(
        version=version,
        **read_bundle(bundle),
        commits=read_commits(commits_from) if commits_from else [],
        branch=branch or (branch_now() if commits_from else ""),
        notes=notes,
        configuration=dict(_setting(text) for text in setting or []),
    )
    api = connect(context)
    row = api.post(api.inside("applications", application, "releases"), body)
    show_one(row, _COLUMNS, output)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise CommandFailed(f"“{text}” is not of the form name=value.", Outcome.USAGE)
    return name, value
