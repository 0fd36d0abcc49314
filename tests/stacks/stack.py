"""`python -m slipway.embedded up` as a child, with an organization and tokens to work with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from slipway.embedded import loopback
from slipway.embedded.lifeline import tied_to_this_process

CHECKOUT = Path(__file__).resolve().parents[2]
_NOT_INHERITED = ("DATABASE_URL", "DATABASE_OWNER_URL", "SLIPWAY_", "DJANGO_", "PYTEST_", "COV_")


class NotUp(RuntimeError):
    """With the last lines of its log."""


@dataclass(slots=True)
class RunningStack:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    seconds: float  # until it was up
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return found

    @property
    def kubeconfig(self) -> Path:
        return Path(self.state["kubeconfig"])

    def pid(self, name: str) -> int | None:
        found = self.state["processes"][name]["pid"]
        return int(found) if found else None

    def kill(self, name: str) -> None:
        """-9 to the process and to what it forked."""
        pid = self.pid(name)
        if pid is not None:
            os.killpg(pid, signal.SIGKILL)

    def environment(self) -> dict[str, str]:
        """What its processes run with: read off the running web process, so that nothing is built twice."""
        raw = Path(f"/proc/{self.pid('web')}/environ").read_bytes().split(b"\0")
        pairs = (entry.decode().partition("=") for entry in raw if entry)
        return {name: value for name, _, value in pairs}

    def wait_until_ready(self, *, within_seconds: float = 60) -> None:
        """All processes up (again)."""
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline:
            if all(process["is_ready"] for process in self.state["processes"].values()):
                return
            time.sleep(0.1)
        raise NotUp(f"not ready again within {within_seconds} s: {self.state['processes']}")

    def run(self, *module: str) -> str:
        """A module as one of the stack's processes would run it."""
        answer = subprocess.run(
            [sys.executable, "-m", *module],
            cwd=CHECKOUT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            raise NotUp(f"{module} ended with {answer.returncode}: {answer.stderr[-3000:]}")
        return answer.stdout

    def client(self, person: str = "ana") -> httpx.Client:
        """The API of `acme` as one of the people of `tests.people`."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}/api/v1/organizations/acme/",
            headers={"Authorization": f"Bearer {self.tokens[person]}"},
            timeout=30,
        )


@contextmanager
def running(
    folder: Path, *, kubeconfig: Path | None = None, speed: float = 1.0, people: bool = True
) -> Iterator[RunningStack]:
    """Started when entered, stopped as by Ctrl-C when left."""
    stack = start(folder, kubeconfig=kubeconfig, speed=speed)
    try:
        if people:
            stack.tokens = json.loads(stack.run("tests.stacks.making_people").splitlines()[-1])
        yield stack
    finally:
        stop(stack)


def start(folder: Path, *, kubeconfig: Path | None = None, speed: float = 1.0, port: int = 0) -> RunningStack:
    folder.mkdir(parents=True, exist_ok=True)
    port = port or loopback.free_port()
    arguments = ["--quiet", "--data", str(folder), "--port", str(port), "--speed", f"{speed:g}"]
    if kubeconfig is not None:
        arguments += ["--kubeconfig", str(kubeconfig)]
    begun = time.monotonic()
    with (folder / "stack.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "slipway.embedded", "up", *arguments],
            cwd=CHECKOUT,
            env=_clean(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=tied_to_this_process(signal.SIGTERM),  # noqa: PLW1509  it takes no lock
        )
    stack = RunningStack(folder, port, process, 0.0)
    deadline = begun + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if stack.state["is_up"] and stack.state["supervisor"]["pid"] == process.pid:
                stack.seconds = time.monotonic() - begun
                return stack
        except (FileNotFoundError, ValueError):
            pass
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise NotUp((folder / "stack.log").read_text()[-4000:])


def stop(stack: RunningStack) -> None:
    stack.process.send_signal(signal.SIGINT)
    try:
        stack.process.wait(40)
    except subprocess.TimeoutExpired:
        stack.process.kill()
        stack.process.wait()
        raise


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the test run's own servers and settings."""
    kept = {name: value for name, value in environment.items() if not name.startswith(_NOT_INHERITED)}
    return {**kept, "PYTHONPATH": f"{CHECKOUT / 'platform'}{os.pathsep}{CHECKOUT}"}
