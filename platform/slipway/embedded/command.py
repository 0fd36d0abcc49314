"""`python -m slipway.embedded up|demo`: what `slipway up`, `slipway demo`, `make up` and `make demo` run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from slipway.embedded import running
from slipway.embedded.data import DataFolder, default_folder
from slipway.embedded.errors import CannotStart
from slipway.embedded.running import Wanted
from slipway.embedded.stack import Stack
from slipway.embedded.supervision.supervisor import Supervisor

_INTERRUPTED = 130  # as a shell reports Ctrl-C: the demo did not come to its end


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except CannotStart as refusal:
        print(f"slipway: {refusal}", file=sys.stderr)  # noqa: T201  a command's answer
        return 1
    return code


def _up(options: argparse.Namespace) -> int:
    return running.run(_wanted(options, quiet=options.quiet), _stay_up)


async def _stay_up(stack: Stack, supervisor: Supervisor, seconds: float) -> int:
    supervisor.say(f"Slipway is ready at {stack.url} after {seconds:.1f} s. Ctrl-C stops it.")
    supervisor.say(
        f"Data, logs and passwords are in {stack.folder.path}. `slipway init` makes the first owner."
    )
    return await running.for_ever()


def _demo(options: argparse.Namespace) -> int:
    from slipway.embedded.demo.namespaces import NamespaceNote
    from slipway.embedded.demo.reset import reset
    from slipway.embedded.demo.screen import Screen
    from slipway.embedded.demo.showing import Demo

    wanted = _wanted(options, quiet=True)
    screen = Screen()
    if options.reset:
        removed = reset(wanted.folder, wanted.kubeconfig)
        screen.say(f"{wanted.folder.path} is empty again.")
        if removed:
            screen.say(f"Removed from the cluster: {', '.join(removed)}.")
    elsewhere = NamespaceNote(wanted.folder.path / "namespaces.json").kubeconfig
    if elsewhere is not None and wanted.kubeconfig is None:
        wanted = replace(wanted, kubeconfig=elsewhere)
    screen.say("Slipway is starting")
    demo = Demo(exit_when_done=options.exit, screen=screen)
    return running.run(wanted, demo.show, interrupted=_INTERRUPTED if options.exit else 0)


def _wanted(options: argparse.Namespace, *, quiet: bool) -> Wanted:
    return Wanted(
        folder=DataFolder(options.data or default_folder()),
        port=options.port,
        kubeconfig=options.kubeconfig,
        speed=options.speed,
        quiet=quiet,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="slipway", description=__doc__)
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="the whole of Slipway in this terminal, its data in one folder")
    up.add_argument(
        "--quiet", action="store_true", help="the processes' lines go to the data folder's logs alone"
    )
    up.set_defaults(run=_up)
    _add_common(up)
    demo = commands.add_parser(
        "demo", help="the same, with an organization in which a release goes to production"
    )
    demo.add_argument(
        "--exit", action="store_true", help="approve as the second person too, print a summary, stop"
    )
    demo.add_argument("--reset", action="store_true", help="begin anew: empties the data folder first")
    demo.set_defaults(run=_demo)
    _add_common(demo)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, help="the web port (default: the last one, at first 8000)")
    parser.add_argument("--data", type=Path, help="the data folder")
    parser.add_argument("--kubeconfig", type=Path, help="a real cluster in place of the sandbox")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="divides the sandbox's simulated delays (default: 1)"
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError(f"{text} is no port.")
    return int(text)


def _speed(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0.01 <= factor <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is no speed; 20 means twenty times as fast.")
    return factor
