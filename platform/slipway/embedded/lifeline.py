"""Children that do not outlive the process that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child between fork and exec must not import or open anything.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def tied_to_this_process(death_signal: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: its own process group (so that Ctrl-C reaches the parent alone) and, on Linux,
    `death_signal` from the kernel when the starting thread is gone, by kill -9 too.

    The kernel ties the signal to the thread that forks: start children from a thread that lives as long as they.
    """
    parent = os.getpid()

    def run() -> None:
        os.setpgid(0, 0)
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died between fork and prctl: no signal will ever come
            os._exit(1)

    return run
