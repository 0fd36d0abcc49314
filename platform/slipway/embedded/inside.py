"""`python -m slipway.embedded.inside [--data DIR] COMMAND …`: one of Django's commands beside a `slipway up` that runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from slipway.embedded import clusters
from slipway.embedded.data import DataFolder, Ports, default_folder
from slipway.embedded.errors import CannotStart
from slipway.embedded.stack import Stack


def main() -> None:
    parser = argparse.ArgumentParser(prog="slipway")
    parser.add_argument("--data", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        environment = environment_of(DataFolder(options.data or default_folder()))
    except CannotStart as refusal:
        sys.exit(f"slipway: {refusal}")
    command = [sys.executable, "-m", "slipway.manage", *options.command]
    os.execve(sys.executable, command, environment)  # noqa: S606  this very interpreter, no shell


def environment_of(folder: DataFolder) -> dict[str, str]:
    """What its processes were started with. CannotStart when none run there."""
    if not folder.path.is_dir() or not _runs(folder):
        raise CannotStart(
            f"No Slipway runs on {folder.path}. Start it with `slipway up`, or set DATABASE_URL and the other "
            "settings of the one you mean."
        )
    ports = Ports(**json.loads((folder.path / "ports.json").read_text()))
    stack = Stack(folder, ports, clusters.sandbox(folder.sandbox / "kubeconfig"))
    return dict(stack.environment)


def _runs(folder: DataFolder) -> bool:
    try:
        with folder.lock():
            return False
    except CannotStart:
        return True


if __name__ == "__main__":
    main()
