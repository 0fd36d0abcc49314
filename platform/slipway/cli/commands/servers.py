"""What starts a server, or speaks to the database, is another process: this one stays light."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from enum import StrEnum
from typing import Annotated

import typer

_PANEL = "Run Slipway"
# A page says a few words on its socket; uvicorn alone would take in 16 MB of them before anybody looks.
_EVERYWHERE = ("--host", "0.0.0.0", "--port", "8000", "--ws-max-size", "65536")  # noqa: S104  in a container, which chooses what it publishes
# Whatever stands behind the command goes to the other process as it is.
_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


class Process(StrEnum):
    WEB = "web"
    WORKER = "worker"
    ABORT_WORKER = "abort-worker"
    BEAT = "beat"
    WATCHER = "watcher"


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel=_PANEL, context_settings=_PASSED_ON)(up)
    app.command(rich_help_panel=_PANEL, context_settings=_PASSED_ON)(demo)
    app.command(rich_help_panel=_PANEL)(init)
    app.command(rich_help_panel=_PANEL)(migrate)
    app.command("database-roles", rich_help_panel=_PANEL)(database_roles)
    app.command(rich_help_panel=_PANEL, context_settings=_PASSED_ON)(serve)


def up(context: typer.Context) -> None:
    """Everything in this terminal, its data in one folder: servers, web, workers, a sandbox cluster."""
    _become("slipway.embedded", "up", *context.args)


def demo(context: typer.Context) -> None:
    """The same, with an organization in which a release goes to production."""
    _become("slipway.embedded", "demo", *context.args)


def init(
    email: Annotated[
        str, typer.Option(prompt="The first owner's e-mail address", help="The first owner's address.")
    ],
    organization: Annotated[str, typer.Option(help="Its short name, as in addresses.")] = "main",
    name: Annotated[str, typer.Option(help="Its name, as people read it.")] = "",
    data: Annotated[str, typer.Option(help="The data folder of a `slipway up` that runs.")] = "",
) -> None:
    """Print a one-time link for the first owner of an empty installation."""
    command = ("init", "--email", email, "--organization", organization, "--name", name)
    if data or not (os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")):
        _become("slipway.embedded.inside", *(("--data", data) if data else ()), *command)
    else:
        _become("slipway.manage", *command)


def migrate() -> None:
    """Bring the database up to date, as its owner (DATABASE_OWNER_URL), and make the beat's ticks."""
    arguments = ("migrate", "--database", "owner", "--no-input")
    code = subprocess.run([sys.executable, "-m", "slipway.manage", *arguments], check=False).returncode
    if code:
        raise typer.Exit(code)
    _become("slipway.manage", "ensure_schedule")


def database_roles(
    database: Annotated[str, typer.Option(help="The database's name.")] = "slipway",
    passwords: Annotated[
        bool, typer.Option(help="Make passwords; else their places are left for yours.")
    ] = True,
) -> None:
    """Print the SQL that makes Slipway's roles and database: run it with psql as a superuser, PostgreSQL 15 or newer."""
    from slipway.embedded.roles import APPLICATION, OWNER, as_script, role_statements

    owner, application = (
        (secrets.token_urlsafe(24), secrets.token_urlsafe(24)) if passwords else ("<owner>", "<application>")
    )
    statements = role_statements(owner_password=owner, application_password=application, database=database)
    typer.echo(
        "-- Then Slipway is started with:\n"
        f"--   DATABASE_URL=postgres://{APPLICATION}:{application}@HOST:5432/{database}\n"
        f"--   DATABASE_OWNER_URL=postgres://{OWNER}:{owner}@HOST:5432/{database}\n"
    )
    typer.echo(as_script(statements, database), nl=False)


def serve(
    context: typer.Context,
    process: Annotated[Process, typer.Argument(help="Which one; options behind it go to its server.")],
) -> None:
    """Become one of Slipway's processes, with settings from the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.production")
    celery = ("celery", "-A", "slipway")
    match process:
        case Process.WEB:
            _become("uvicorn", "slipway.asgi:application", *(context.args or _EVERYWHERE))
        case Process.WORKER:
            _become(*celery, "worker", "--queues", "slipway", "--loglevel", "INFO", *context.args)
        case Process.ABORT_WORKER:
            # A slot of its own: an abort never stands behind ordinary work.
            _become(
                *celery, "worker", "--queues", "abort", "--pool", "solo", "--loglevel", "INFO", *context.args
            )
        case Process.BEAT:
            _become(*celery, "beat", "--loglevel", "INFO", "--pidfile", "", *context.args)
        case Process.WATCHER:
            _become("slipway.watcher", *context.args)


def _become(module: str, *arguments: str) -> None:
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606  this very interpreter, no shell
