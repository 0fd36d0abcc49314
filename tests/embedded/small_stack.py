"""A stack of shell loops under the real supervisor and the real signals: `python small_stack.py FOLDER KIND`.

Kinds: `polite` ends when asked; `deaf` ignores it; `family` has a child of its own that ignores it too.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from slipway.embedded import running
from slipway.embedded.data import DataFolder
from slipway.embedded.supervision.output import Output
from slipway.embedded.supervision.specs import Service, Unit
from slipway.embedded.supervision.supervisor import Supervisor

_LOOP = "while :; do sleep 0.05; done"
_SCRIPTS = {
    "polite": f"trap 'exit 0' TERM; echo here; {_LOOP}",
    "deaf": f"trap '' TERM INT; echo here; {_LOOP}",
    "family": f"trap '' TERM; ({_LOOP}) & echo here; echo $! > grandchild; {_LOOP}",
}


def units(kind: str) -> list[Unit]:
    environment = {"PATH": os.environ["PATH"]}
    return [
        Service("first", ["sh", "-c", _SCRIPTS["polite"]], environment, says_when_ready="here"),
        Service(
            "second",
            ["sh", "-c", _SCRIPTS[kind]],
            environment,
            depends_on=("first",),
            says_when_ready="here",
            grace_seconds=30,
        ),
    ]


async def stay(stack: object, supervisor: Supervisor, seconds: float) -> int:
    supervisor.say("up")
    return await running.for_ever()


def main() -> int:
    folder, kind = DataFolder(Path(sys.argv[1])), sys.argv[2]
    folder.create()
    stack = SimpleNamespace(units=units(kind), folder=folder, facts={"url": "http://localhost:1"})
    with folder.lock():
        output = Output(folder.logs)
        return asyncio.run(running.keep(stack, output, stay, time.monotonic(), 0))  # type: ignore[arg-type]  # its shape


if __name__ == "__main__":
    sys.exit(main())
