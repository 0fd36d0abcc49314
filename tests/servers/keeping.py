"""The run's PostgreSQL, started by whichever worker needs it first and kept by a process that follows the controller.

Run as `python -m tests.servers.keeping`: it ends, server and folder with it, when told to or when the controller
is gone, however it went.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

from slipway.embedded.postgres import STOP_SIGNAL
from slipway.embedded.processes import identify, is_alive
from tests.servers import template
from tests.servers.run import CHECKOUT, current

_START_SECONDS = 180


def ensure_postgres() -> None:
    """Starts it once per run; RuntimeError with the keeper's log when it does not come up."""
    folder = current().folder
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "ready").exists():
            return
        reader, writer = os.pipe()
        with (folder / "keeper.log").open("ab") as log:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "tests.servers.keeping", str(writer)],
                cwd=CHECKOUT,
                env=os.environ | {"PYTHONPATH": f"{CHECKOUT / 'platform'}{os.pathsep}{CHECKOUT}"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(writer,),
                start_new_session=True,
            )
        os.close(writer)
        with os.fdopen(reader) as answer:
            if answer.read() != "ready":
                keeper.wait()
                raise RuntimeError(
                    f"The tests' PostgreSQL did not start:\n{(folder / 'keeper.log').read_text()[-6000:]}"
                )
        # Not ours to wait for: it outlives this worker. Without this, Python warns that it still runs.
        keeper.returncode = 0
        (folder / "keeper.pid").write_text(str(keeper.pid))
        (folder / "ready").touch()


def end() -> None:
    """The controller's last act."""
    folder = current().folder
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        pid = int((folder / "keeper.pid").read_text())
        keeper = identify(pid)
        os.kill(pid, signal.SIGTERM)
        waiting = threading.Event()
        while keeper is not None and is_alive(keeper):
            waiting.wait(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def keep(announce: int) -> None:
    run = current()
    controller = identify(run.controller_pid)
    told_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told_to_end.set())
    template.copy_to(run)
    server = run.postgres()
    process = template.start(server, run.folder / "postgres.log")
    os.write(announce, b"ready")
    os.close(announce)
    try:
        while controller is not None and is_alive(controller) and not told_to_end.wait(0.25):
            pass
    finally:
        process.send_signal(STOP_SIGNAL)
        process.wait(30)
        shutil.rmtree(server.folder, ignore_errors=True)
        if controller is None or not is_alive(controller):
            shutil.rmtree(run.folder, ignore_errors=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    keep(int(sys.argv[1]))
