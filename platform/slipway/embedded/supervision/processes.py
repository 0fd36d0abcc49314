"""One child process: started tied to the supervisor, read line by line, ended with everything it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from slipway.embedded.lifeline import tied_to_this_process
from slipway.embedded.unprivileged import Account

_LONGEST_LINE = 16_384


class Child:
    """Leader of its own process group."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        lines: asyncio.StreamReader,
        pipe: asyncio.ReadTransport,
        on_line: Callable[[str], None],
    ) -> None:
        self._process = process
        self._pipe = pipe
        self._reading = asyncio.create_task(_read(lines, on_line))

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        folder: Path,
        on_line: Callable[[str], None],
        death_signal: signal.Signals = signal.SIGKILL,
        account: Account | None = None,
    ) -> Child:
        """OSError when the program cannot be started. Call from the main thread: the child dies with it."""
        # A pipe of our own: with asyncio's, a process counts as ended only when nobody holds its pipe any more, so
        # a crash would go unseen for as long as a grandchild lives.
        reader, writer = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=environment,
                cwd="/" if account else folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writer,
                stderr=asyncio.subprocess.STDOUT,
                preexec_fn=tied_to_this_process(death_signal),
                user=account.user if account else None,
                group=account.group if account else None,
                extra_groups=[] if account else None,
            )
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        return cls(process, *await _lines_from(reader), on_line)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        """Its exit code, once it has ended and nothing of its group is left."""
        code = await self._process.wait()
        self.kill_group(signal.SIGKILL)
        # A grandchild that left the group may hold the pipe open.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reading, 2)
        self._pipe.close()
        return code

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


async def _lines_from(reader: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    stream = asyncio.StreamReader()
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reader, "rb", 0)
    )
    return stream, pipe


async def _read(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    rest = b""
    while chunk := await stream.read(65_536):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            lines.append(rest)
            rest = b""
        for line in lines:
            on_line(line[:_LONGEST_LINE].decode(errors="replace").rstrip("\r"))
    if rest:
        on_line(rest.decode(errors="replace"))
