"""Tests that need more than Python: a browser, a real cluster, real nodes.

Without it they are skipped, which the last lines of the run say aloud; where CI is set it is an error. Real nodes are
asked for by SLIPWAY_TEST_NODES=real and left out otherwise.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Requirement:
    marker: str
    is_met: bool
    remedy: str


def _requirements() -> tuple[Requirement, ...]:
    return (
        Requirement("browser", chromium() is not None, "Chromium: install it, or name it in CHROMIUM"),
        Requirement(
            "cluster",
            bool(os.environ.get("SLIPWAY_TEST_KUBECONFIG")),
            "a Kubernetes cluster: name its kubeconfig in SLIPWAY_TEST_KUBECONFIG",
        ),
    )


def chromium() -> str | None:
    """The browser's path: CHROMIUM, else the one on PATH."""
    named = os.environ.get("CHROMIUM", "")
    return shutil.which(named) if named else shutil.which("chromium") or shutil.which("chromium-browser")


_missing: Counter[str] = Counter()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    real_nodes = os.environ.get("SLIPWAY_TEST_NODES") == "real"
    left_out = [item for item in items if item.get_closest_marker("realnodes") and not real_nodes]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        if {"e2e", "chaos"} & set(item.path.parts):
            # Each starts a whole stack: one after the other, on one worker.
            item.add_marker(pytest.mark.xdist_group("stack"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for requirement in _requirements():
        if item.get_closest_marker(requirement.marker) and not requirement.is_met:
            if os.environ.get("CI"):
                pytest.fail(f"This test needs {requirement.remedy}.", pytrace=False)
            pytest.skip(f"needs {requirement.remedy}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple) and ": needs " in report.longrepr[2]:
        _missing[report.longrepr[2].partition(": needs ")[2]] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for remedy, count in _missing.items():
        terminalreporter.write_line("")
        terminalreporter.write_line(f"NOT TESTED: {count} tests need {remedy}.", red=True, bold=True)
