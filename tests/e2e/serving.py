"""The real web process, as it is run: uvicorn over slipway.asgi, on this test's database and Valkey."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from slipway.embedded import loopback
from slipway.embedded.lifeline import tied_to_this_process

CHECKOUT = Path(__file__).resolve().parents[2]


class Web:
    """`kill()` and `start()` again keep the port."""

    def __init__(self, log: Path) -> None:
        self.port = loopback.free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"
        }
        environment |= {
            "DJANGO_SETTINGS_MODULE": "slipway.settings.test",
            "SLIPWAY_PUBLIC_URL": self.url,
            "SLIPWAY_DATABASE_POOL": "true",
        }
        command = [sys.executable, "-m", "uvicorn", "slipway.asgi:application", "--log-level", "warning"]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                cwd=CHECKOUT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=tied_to_this_process(signal.SIGKILL),  # noqa: PLW1509  it takes no lock
            )
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"{self.url}/accounts/login/", timeout=5).close()  # noqa: S310  our own
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The web process did not come up:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def environment(self) -> str:
        """Of the running process, as the kernel knows it."""
        assert self._process is not None
        return Path(f"/proc/{self._process.pid}/environ").read_text().replace("\0", "\n")
