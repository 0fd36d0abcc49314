"""Keeps one service running until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from slipway.embedded import processes
from slipway.embedded.errors import CannotStart
from slipway.embedded.supervision.output import Output
from slipway.embedded.supervision.processes import Child
from slipway.embedded.supervision.specs import Backoff, Outcome, Service, Standing

_LAST_LINES = 25
_PROBE_SECONDS = 0.1
_HOPELESS_STARTS = 4  # crashes on the way up, before it was ready once


class Keeper:
    def __init__(
        self,
        service: Service,
        output: Output,
        *,
        folder: Path,
        backoff: Backoff,
        on_change: Callable[[], None],
    ) -> None:
        self.service = service
        self.standing = Standing()
        self._output = output
        self._folder = folder
        self._backoff = backoff
        self._on_change = on_change
        self._child: Child | None = None
        self._stopping = asyncio.Event()
        self._said_ready = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._was_ready = False

    @property
    def group(self) -> int | None:
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Returns when it is ready; CannotStart, with its last lines, when it is not in time or only crashes."""
        self._keeping = asyncio.create_task(self._keep())
        ready = asyncio.create_task(self._wait_until_ready())
        done, _ = await asyncio.wait(
            {ready, self._keeping},
            timeout=self.service.ready_within_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self._keeping in done:
            ready.cancel()
            await self._keeping  # raises what `prepare` refused
        elif not done:
            ready.cancel()
            raise CannotStart(
                f"{self.service.name} was not ready within {self.service.ready_within_seconds:.0f} s. "
                f"{self._its_last_lines()}"
            )

    async def stop(self, hurry: asyncio.Event) -> None:
        """Asks, waits for its grace (or until `hurry`), then insists."""
        self._stopping.set()
        if self._keeping is None:
            return
        child = self._child
        if child is not None:
            child.send(self.service.stop_signal)
            if not await self._ended_within(self.service.grace_seconds, hurry):
                self._output.say(
                    f"{self.service.name} does not stop: {self.service.last_resort.name} to all of it"
                )
                child.kill_group(self.service.last_resort)
        with contextlib.suppress(CannotStart, OSError):
            await self._keeping

    async def _ended_within(self, seconds: float, hurry: asyncio.Event) -> bool:
        keeping = self._keeping
        if keeping is None:
            return True
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait({keeping, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        return keeping.done()

    async def _keep(self) -> None:
        crashes_in_a_row = 0
        while not self._stopping.is_set():
            begun = time.monotonic()
            outcome = await self._run_once()
            if self._stopping.is_set():
                if not outcome.is_clean:
                    self._output.say(f"{self.service.name} {outcome}")
                return
            ran_seconds = time.monotonic() - begun
            forgiven = ran_seconds >= self._backoff.forgiven_after_seconds
            crashes_in_a_row = 1 if forgiven else crashes_in_a_row + 1
            if not self._was_ready and self.standing.starts >= _HOPELESS_STARTS:
                raise CannotStart(
                    f"{self.service.name} {outcome}, {self.standing.starts} times. {self._its_last_lines()}"
                )
            delay = self._backoff.delay_seconds(crashes_in_a_row)
            self._output.say(f"{self.service.name} {outcome}; started again in {delay:.1f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _run_once(self) -> Outcome:
        self._said_ready.clear()
        if self.service.prepare is not None:
            self.service.prepare()
        self._child = child = await Child.start(
            self.service.command,
            self.service.environment,
            folder=self._folder,
            on_line=self._heard,
            death_signal=self.service.stop_signal,
            account=self.service.account,
        )
        identity = processes.identify(child.pid)
        self.standing.pid = child.pid
        self.standing.started = identity.started if identity else None
        self.standing.starts += 1
        self._on_change()
        if self._stopping.is_set():  # told to stop while it was being started
            child.send(self.service.stop_signal)
        readiness = asyncio.create_task(self._wait_until_ready())
        try:
            outcome = Outcome(await child.wait())
        finally:
            readiness.cancel()
        self._child = None
        self.standing.pid = self.standing.started = None
        self.standing.is_ready = False
        self.standing.last_outcome = str(outcome)
        self._on_change()
        return outcome

    def _its_last_lines(self) -> str:
        return "Its last lines:\n  " + "\n  ".join(self.standing.last_lines)

    def _heard(self, line: str) -> None:
        self.standing.last_lines = [*self.standing.last_lines[1 - _LAST_LINES :], line]
        self._output.line(self.service.name, line)
        if self.service.says_when_ready is not None and self.service.says_when_ready in line:
            self._said_ready.set()

    async def _wait_until_ready(self) -> None:
        if self.service.says_when_ready is not None:
            await self._said_ready.wait()
        while True:  # a server can only be asked
            if self._child is not None and (self.service.is_ready is None or await self.service.is_ready()):
                break
            await asyncio.sleep(_PROBE_SECONDS)
        self._was_ready = True
        if not self.standing.is_ready:
            self.standing.is_ready = True
            self._on_change()
