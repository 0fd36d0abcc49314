"""Starts units in the order of their dependencies and stops them in the reverse one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from slipway.embedded import processes
from slipway.embedded.data import write_private
from slipway.embedded.errors import CannotStart
from slipway.embedded.supervision import guard
from slipway.embedded.supervision.keeping import Keeper
from slipway.embedded.supervision.output import Output
from slipway.embedded.supervision.processes import Child
from slipway.embedded.supervision.specs import Backoff, Job, Service, Standing, Unit


class Supervisor:
    """Use inside one event loop on the main thread: children are tied to that thread's life."""

    def __init__(
        self,
        units: Callable[[Supervisor], Sequence[Unit]] | Sequence[Unit],
        *,
        output: Output,
        folder: Path,
        run_file: Path,
        facts: Mapping[str, object] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """`units` may be a function of this supervisor: a job runs its command through it.

        `folder` is where processes run; `facts` are written into the run file beside what is known of them.
        """
        self._output = output
        self._folder = folder
        self._run_file = run_file
        self._facts = dict(facts or {})
        self._backoff = backoff or Backoff()
        self._hurry = asyncio.Event()
        self._is_up = False
        self._jobs: dict[str, Child] = {}
        self._guard: subprocess.Popen[bytes] | None = None
        made = units(self) if callable(units) else units
        self._units = {unit.name: unit for unit in made}
        self._keepers = {
            unit.name: Keeper(unit, output, folder=folder, backoff=self._backoff, on_change=self._changed)
            for unit in made
            if isinstance(unit, Service)
        }

    async def start(self) -> None:
        """Returns when every service is ready and every job is done; raises what the first of them raised."""
        self._start_guard()
        self._changed()
        done = {name: asyncio.Event() for name in self._units}

        async def bring_up(unit: Unit) -> None:
            for name in unit.depends_on:
                await done[name].wait()
            if isinstance(unit, Job):
                await unit.run()
            else:
                await self._keepers[unit.name].start()
            done[unit.name].set()

        tasks = [asyncio.create_task(bring_up(unit)) for unit in self._units.values()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._is_up = True
        self._changed()

    async def stop(self) -> None:
        """Each after all that depend on it. Call it once, also after a start that failed."""
        stopped = {name: asyncio.Event() for name in self._units}

        async def bring_down(name: str) -> None:
            for other in self._units.values():
                if name in other.depends_on:
                    await stopped[other.name].wait()
            if keeper := self._keepers.get(name):
                await keeper.stop(self._hurry)
            stopped[name].set()

        self._is_up = False
        await asyncio.gather(*(bring_down(name) for name in self._units))
        self._run_file.unlink(missing_ok=True)
        self._end_guard()

    def say(self, text: str) -> None:
        """To the terminal and the supervisor's own log."""
        self._output.say(text)

    def hurry(self) -> None:
        """No more grace for anything: the second Ctrl-C."""
        self._hurry.set()

    async def run_to_end(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """One command with its output under `name`; CannotStart when it does not end with 0."""
        lines: list[str] = []

        def heard(line: str) -> None:
            lines.append(line)
            self._output.line(name, line)

        child = await Child.start(command, environment, folder=self._folder, on_line=heard)
        self._jobs[name] = child
        self._changed()
        try:
            code = await child.wait()
        finally:
            child.kill_group(signal.SIGKILL)
            del self._jobs[name]
            self._changed()
        if code != 0:
            raise CannotStart(f"{name} ended with code {code}:\n  " + "\n  ".join(lines[-25:]))

    def standing(self, name: str) -> Standing:
        return self._keepers[name].standing

    def _changed(self) -> None:
        self._tell_guard()
        supervisor = processes.identify(os.getpid())
        state = {
            **self._facts,
            "is_up": self._is_up,
            "supervisor": {"pid": os.getpid(), "started": supervisor and supervisor.started},
            "processes": {
                name: {
                    "pid": keeper.standing.pid,
                    "started": keeper.standing.started,
                    "starts": keeper.standing.starts,
                    "is_ready": keeper.standing.is_ready,
                    "last_outcome": keeper.standing.last_outcome,
                }
                for name, keeper in self._keepers.items()
            },
        }
        write_private(self._run_file, json.dumps(state, indent=1))

    def _groups_in_stop_order(self) -> list[list[int]]:
        groups = [[child.pid, signal.SIGKILL, signal.SIGKILL] for child in self._jobs.values()]
        for name in reversed(list(self._units)):
            keeper = self._keepers.get(name)
            if keeper is not None and keeper.group is not None:
                service = keeper.service
                groups.append([keeper.group, service.stop_signal, service.last_resort])
        return groups

    def _start_guard(self) -> None:
        # Not tied to us: it is there for when we are gone.
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    def _tell_guard(self) -> None:
        if self._guard is None or self._guard.stdin is None:
            return
        line = json.dumps(self._groups_in_stop_order()).encode() + b"\n"
        try:
            self._guard.stdin.write(line)
            self._guard.stdin.flush()
        except BrokenPipeError:  # somebody ended the guard: the next one takes over
            self._guard.wait()
            self._start_guard()
            self._tell_guard()

    def _end_guard(self) -> None:
        if self._guard is None or self._guard.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError):
            self._guard.stdin.write(b"[]\n")
            self._guard.stdin.flush()
        with contextlib.suppress(BrokenPipeError):
            self._guard.stdin.close()
        self._guard.wait()
        self._guard = None
