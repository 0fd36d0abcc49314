from __future__ import annotations

import os
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from slipway.cli import account
from slipway.cli.account import Account
from slipway.cli.outcomes import CommandFailed, Outcome
from slipway.cli.output import Format, Output, columns_of, show_one
from slipway.cli.session import connect, opened, remark


def add_to(app: typer.Typer) -> None:
    for command in (login, logout, whoami):
        app.command(rich_help_panel="You")(command)


def login(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Slipway's address; asked for when not given.")] = "",
) -> None:
    """Keep a token for an address. The token comes from SLIPWAY_TOKEN, from stdin, or is asked for."""
    wishes = context.obj or account.Wishes()
    url = (url or wishes.url or os.environ.get("SLIPWAY_URL", "")).strip()
    if not url and sys.stdin.isatty():
        url = typer.prompt("Address of Slipway", err=True)
    url = _checked(url)
    api = opened(context, Account(url, "", _token()))
    found = api.get("organizations/")
    slugs = [row["slug"] for row in found["items"]]
    wanted = wishes.organization or os.environ.get("SLIPWAY_ORGANIZATION", "")
    if wanted and wanted not in slugs:
        raise CommandFailed(f"This token is not for an organization called {wanted}.")
    if not slugs:
        raise CommandFailed("This token's person is in no organization.")
    path = account.write(Account(url, wanted or slugs[0], api.account.token))
    remark(f"You are {found['person']['name']} in {wanted or slugs[0]} at {url}. The token is in {path}.")


def logout() -> None:
    """Forget the stored token. It stays valid: `slipway tokens revoke` ends it."""
    remark("Forgotten." if account.forget() else "Nobody was logged in.")


def whoami(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Who the token acts as, and what it may do."""
    api = connect(context)
    person = api.get("organizations/")["person"]
    organization = api.get(api.inside())
    may = [right for right, why_not in organization["rights"].items() if not why_not]
    row = {
        "person": person["name"],
        "email": person["email"],
        "organization": organization["slug"],
        "role": organization["role"],
        "may": may,
        "url": api.account.url,
    }
    show_one(row, columns_of(*row), output)


def _checked(url: str) -> str:
    if not url:
        raise CommandFailed("Say where Slipway is: slipway login https://slipway.example", Outcome.USAGE)
    if "://" not in url:
        url = f"https://{url}"
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise CommandFailed(f"{url} is no address of a web server.", Outcome.USAGE)
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme == "http" and not here:
        raise CommandFailed("A token is sent over https only, or to this machine.", Outcome.USAGE)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _token() -> str:
    """Never an argument: those show in process lists and shell histories."""
    token = os.environ.get("SLIPWAY_TOKEN", "")
    if not token:
        token = (
            typer.prompt("Token", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
        )
    token = token.strip()
    if not token:
        raise CommandFailed("No token came: set SLIPWAY_TOKEN, or send it on stdin.", Outcome.USAGE)
    return token
