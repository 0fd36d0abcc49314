"""What a benchmark answers, as a table and as `var/bench.json`."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Result:
    """`ratio` is value / baseline of the same run, None without one; `goal` in words, `holds` None: reported only."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    goal: str = ""
    holds: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def percentile(values: Sequence[float], share: float) -> float:
    """By nearest rank: with few values p99 is the largest, and says so by being it."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def machine() -> dict[str, object]:
    model, memory = "", 0
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = models[0].partition(":")[2].strip() if models else ""
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    return {
        "cores": os.cpu_count(),
        "processor": model or platform.machine(),
        "memory_mib": memory,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def write(results: Sequence[Result], path: Path, *, facts: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = [{**asdict(result), "ratio": result.ratio} for result in results]
    path.write_text(json.dumps({"machine": {**machine(), **facts}, "results": listed}, indent=1) + "\n")


def table(results: Sequence[Result]) -> str:
    lines = [
        f"{'benchmark':<58} {'value':>10} {'baseline':>10} {'ratio':>7}  goal",
        "-" * 110,
    ]
    for result in results:
        baseline = f"{result.baseline:.3f}" if result.baseline is not None else ""
        ratio = f"{result.ratio:.2f}" if result.ratio is not None else ""
        verdict = {True: "holds", False: "DOES NOT HOLD", None: ""}[result.holds]
        goal = f"{result.goal}: {verdict}" if verdict else result.goal
        value = f"{result.value:.3f}"
        lines.append(f"{result.name:<58} {value:>7} {result.unit:<2} {baseline:>10} {ratio:>7}  {goal}")
        if result.note:
            lines.append(f"{'':<4}{result.note}")
    return "\n".join(lines)
