"""How soon a stack that was there before is up again, and what it needs while nothing happens."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from tests.benchmarks.results import Result
from tests.stacks import stack as stacks


def measure(folder: Path) -> list[Result]:
    cold = stacks.start(folder)
    cold_seconds = cold.seconds
    stacks.stop(cold)
    warm = stacks.start(folder)
    try:
        time.sleep(5)
        supervisor = psutil.Process(warm.process.pid)
        family = [supervisor, *supervisor.children(recursive=True)]
        memory = sum(process.memory_full_info().pss for process in family) / 2**20
        shares = {
            name: psutil.Process(pid).memory_full_info().pss / 2**20
            for name in warm.state["processes"]
            if (pid := warm.pid(name))
        }
    finally:
        stacks.stop(warm)
    listed = ", ".join(
        f"{name} {share:.0f}" for name, share in sorted(shares.items(), key=lambda pair: -pair[1])
    )
    return [
        Result("cold start of the embedded stack", cold_seconds, "s"),
        Result("warm start of the embedded stack", warm.seconds, "s", None, "≤ 10 s", warm.seconds <= 10),
        Result("memory of the idle embedded stack (PSS)", memory, "MiB", note=listed),
    ]
