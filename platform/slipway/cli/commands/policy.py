"""Policy as code: what environments ask for, as a file that is read, reviewed and put back."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from slipway.cli.client import Api, Json
from slipway.cli.outcomes import CommandFailed, Outcome
from slipway.cli.session import connect, remark

app = typer.Typer(
    help="Policy as code: what each environment asks for, in a file.",
    no_args_is_help=True,
)

_NOT_POLICY = ("slug", "position", "clusters", "revision")

File = Annotated[str, typer.Option("--file", "-f", help="A YAML file; - reads what is piped in.")]


@app.command()
def get(
    context: typer.Context,
    environment: Annotated[list[str] | None, typer.Argument(help="All of them when none is named.")] = None,
) -> None:
    """Print the policy as YAML, one document for each environment. `slipway policy set` takes it back."""
    import yaml

    api = connect(context)
    rows = (
        [api.get(api.inside("environments", name)) for name in environment]
        if environment
        else api.pages(api.inside("environments"), most=0)
    )
    typer.echo(
        yaml.safe_dump_all([_document(row) for row in rows], sort_keys=False, allow_unicode=True), nl=False
    )


@app.command("set")
def put(
    context: typer.Context,
    file: File,
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
) -> None:
    """Bring environments to what the file says. What it does not say stays. Running rollouts keep their policy."""
    api = connect(context)
    wanted = _read(file)
    # Every name and setting is looked at before the first is changed.
    plans = [
        (row, _changes(row, document, file)) for document in wanted for row in [_found(api, document, file)]
    ]
    for row, changes in plans:
        if not changes:
            remark(f"{row['slug']}: nothing changes.")
            continue
        for line in _lines(row, changes):
            remark(line)
        if not check:
            try:
                api.patch(api.inside("environments", row["slug"]), changes, revision=row["revision"])
            except CommandFailed as failure:
                raise CommandFailed(f"{file}: {row['slug']}: {failure.sentence}", failure.outcome) from None


def _document(row: Json) -> Json:
    return {
        "environment": row["slug"],
        **{name: value for name, value in row.items() if name not in _NOT_POLICY},
    }


def _read(file: str) -> list[Json]:
    import yaml

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}.", Outcome.USAGE) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise CommandFailed(f"{file}{where} is no YAML.", Outcome.USAGE) from None
    if not documents:
        raise CommandFailed(f"{file} holds no policy.", Outcome.USAGE)
    for number, document in enumerate(documents, start=1):
        if not isinstance(document, dict) or not isinstance(document.get("environment"), str):
            raise CommandFailed(
                f"{file}: document {number} does not say which environment it is for; write environment: NAME.",
                Outcome.USAGE,
            )
    return documents


def _found(api: Api, document: Json, file: str) -> Json:
    try:
        row: Json = api.get(api.inside("environments", document["environment"]))
    except CommandFailed as failure:
        raise CommandFailed(
            f"{file}: {document['environment']}: {failure.sentence}", failure.outcome
        ) from None
    return row


def _changes(row: Json, document: Json, file: str) -> Json:
    """Only what differs. Raises CommandFailed for a setting that there is not."""
    known = {name for name in row if name not in _NOT_POLICY}
    said = {str(name): value for name, value in document.items() if name != "environment"}
    if odd := sorted(set(said) - known):
        raise CommandFailed(
            f"{file}: {row['slug']}: there is no setting “{odd[0]}”; there are {', '.join(sorted(known))}.",
            Outcome.USAGE,
        )
    rules = said.get("approval_rules")
    if rules is not None and not isinstance(rules, dict):
        raise CommandFailed(f"{file}: {row['slug']}: approval_rules are names with values.", Outcome.USAGE)
    if isinstance(rules, dict):
        changed = {name: value for name, value in rules.items() if row["approval_rules"].get(name) != value}
        said["approval_rules"] = changed or row["approval_rules"]
    return {name: value for name, value in said.items() if row[name] != value}


def _lines(row: Json, changes: Json) -> list[str]:
    lines = []
    for name, value in changes.items():
        before, after = row[name], value
        if isinstance(after, Mapping):
            lines += [
                f"{row['slug']}: {name}.{inner}: {_said(before.get(inner))} → {_said(new)}"
                for inner, new in after.items()
            ]
        else:
            lines.append(f"{row['slug']}: {name}: {_said(before)} → {_said(after)}")
    return lines


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return "nothing" if value in (None, "") else str(value)
