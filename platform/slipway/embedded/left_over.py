"""Ends what a killed supervisor, its guard killed too, left running in a data folder."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

from slipway.embedded.errors import CannotStart
from slipway.embedded.processes import ProcessIdentity, is_alive

_GUARD_SECONDS = 13.0  # a living guard needs its two graces of 6 s at most
_KILL_SECONDS = 5.0


def end(run_file: Path) -> None:
    """Returns once nothing of the last run lives. Only the holder of the folder's lock may call this.

    PostgreSQL is left out: it is asked to stop by its own `prepare`, never killed.
    """
    left = _living(run_file)
    if _wait(left, _GUARD_SECONDS if left else 0):
        for process in left:
            # Its whole group: a worker's children are not in the run file.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        if still := _wait(left, _KILL_SECONDS):
            numbers = ", ".join(str(process.pid) for process in still)
            raise CannotStart(
                f"Processes of an earlier start do not end: {numbers}. End them, then try again."
            )
    run_file.unlink(missing_ok=True)


def _living(run_file: Path) -> list[ProcessIdentity]:
    try:
        state = json.loads(run_file.read_text())["processes"]
        noted = [
            ProcessIdentity(entry["pid"], entry["started"])
            for name, entry in state.items()
            if name != "postgres" and entry["pid"] and entry["started"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [process for process in noted if is_alive(process)]


def _wait(noted: list[ProcessIdentity], seconds: float) -> list[ProcessIdentity]:
    deadline = time.monotonic() + seconds
    while (left := [process for process in noted if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
