"""Outlives a supervisor that was killed, and ends what that left behind; then ends itself.

Run as a bare script (no site, nothing imported from Slipway), with a pipe from the supervisor as standard input:
each line is the whole list of process groups, in the order in which to end them, as JSON
`[[group, stop_signal, last_resort], …]`. An end of the pipe means that the supervisor is gone. A clean supervisor
sends an empty list first.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time

_GRACE_SECONDS = 6.0


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _wait(groups: list[list[int]], seconds: float) -> list[list[int]]:
    deadline = time.monotonic() + seconds
    while (left := [entry for entry in groups if _exists(entry[0])]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def main() -> None:
    groups: list[list[int]] = []
    for line in sys.stdin:
        with contextlib.suppress(ValueError):  # a line cut short by the kill
            groups = json.loads(line)
    # The leader alone is asked, as the supervisor would have: a worker's children finish under their parent.
    for leader, stop_signal, _ in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(leader, stop_signal)
    for group, _, last_resort in _wait(groups, _GRACE_SECONDS):
        _signal(group, last_resort)
    _wait(groups, _GRACE_SECONDS)


if __name__ == "__main__":
    main()
