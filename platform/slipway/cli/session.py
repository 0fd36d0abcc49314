"""What a command gets from the options that stand before it."""

from __future__ import annotations

import sys

import typer

from slipway.cli import account
from slipway.cli.account import Account
from slipway.cli.client import Api


def connect(context: typer.Context) -> Api:
    wishes = context.obj if isinstance(context.obj, account.Wishes) else account.Wishes()
    return opened(context, account.find(wishes))


def opened(context: typer.Context, whose: Account) -> Api:
    """Its connections end with the command."""
    api = Api(whose)
    context.call_on_close(api.close)
    return api


def confirm(question: str, *, yes: bool) -> bool:
    """Asks a person; without one there, only `--yes` counts."""
    if yes:
        return True
    return sys.stdin.isatty() and typer.confirm(question, default=False, err=True)


def remark(sentence: str) -> None:
    """To stderr, so that stdout stays what was asked for."""
    typer.echo(sentence, err=True)
