"""Runs a stack in this terminal until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway.embedded import clusters, left_over, own_servers, variables
from slipway.embedded.data import DataFolder
from slipway.embedded.stack import Stack
from slipway.embedded.supervision.output import Output
from slipway.embedded.supervision.supervisor import Supervisor

_SAME_WISH_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Wanted:
    folder: DataFolder
    port: int | None = None
    kubeconfig: Path | None = None
    speed: float = 1.0
    quiet: bool = False  # the processes' lines go to files alone


Then = Callable[[Stack, Supervisor, float], Coroutine[Any, Any, int]]


def run(wanted: Wanted, then: Then, *, interrupted: int = 0) -> int:
    """Starts everything, awaits `then(stack, supervisor, seconds)`, and stops everything however that ends.

    Answers `then`'s exit code; `interrupted` when it was Ctrl-C that ended it. CannotStart when it does not come up.
    """
    folder = wanted.folder
    folder.create()
    cluster = (
        clusters.named(wanted.kubeconfig)
        if wanted.kubeconfig
        else clusters.sandbox(folder.sandbox / "kubeconfig")
    )
    with folder.lock():
        begun = time.monotonic()
        left_over.end(folder.run_file)
        own = variables.own_servers()
        if own.database:
            own_servers.check_database(own.database)
        if own.redis:
            own_servers.check_redis(own.redis)
        stack = Stack(folder, folder.ports(web=wanted.port), cluster, speed=wanted.speed)
        output = Output(folder.logs, quiet=wanted.quiet)
        try:
            return asyncio.run(keep(stack, output, then, begun, interrupted))
        finally:
            output.close()


async def keep(stack: Stack, output: Output, then: Then, begun: float, interrupted: int) -> int:
    supervisor = Supervisor(
        stack.units,
        output=output,
        folder=stack.folder.path,
        run_file=stack.folder.run_file,
        facts=stack.facts,
    )

    async def work() -> int:
        await supervisor.start()
        return await then(stack, supervisor, time.monotonic() - begun)

    asked = asyncio.Event()
    with _signals(asked, supervisor, output):
        working = asyncio.create_task(work())
        asking = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            return interrupted
        finally:
            for task in (working, asking):
                task.cancel()
            await asyncio.gather(working, asking, return_exceptions=True)
            await supervisor.stop()


@contextlib.contextmanager
def _signals(asked: asyncio.Event, supervisor: Supervisor, output: Output) -> Iterator[None]:
    """The first Ctrl-C (or TERM, or a closed terminal) asks; the second hurries."""
    loop = asyncio.get_running_loop()
    first_at = 0.0
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def heard() -> None:
        nonlocal first_at
        if asked.is_set():
            # One wish may arrive twice: sent to the whole group, and passed on by make or timeout.
            if loop.time() - first_at < _SAME_WISH_SECONDS:
                return
            output.say("in a hurry: everything is ended now")
            supervisor.hurry()
            return
        output.say("stopping; Ctrl-C again to hurry")
        first_at = loop.time()
        asked.set()

    for number in numbers:
        loop.add_signal_handler(number, heard)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def for_ever() -> int:
    await asyncio.Event().wait()
    return 0
