"""Prints where a run's time went, by folder of tests."""

from __future__ import annotations

from collections import defaultdict

import pytest

_FOLDER_LIMIT_SECONDS = 240
_seconds: defaultdict[str, float] = defaultdict(float)
_tests: defaultdict[str, set[str]] = defaultdict(set)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    folder = report.nodeid.partition("::")[0].rpartition("/")[0]
    _seconds[folder] += report.duration
    _tests[folder].add(report.nodeid)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if len(_seconds) < 2:
        return
    terminalreporter.section("time per folder")
    for folder, seconds in sorted(_seconds.items(), key=lambda item: -item[1]):
        too_long = "  more than its 4 minutes: split it" if seconds > _FOLDER_LIMIT_SECONDS else ""
        terminalreporter.write_line(f"{seconds:8.1f} s  {len(_tests[folder]):5d} tests  {folder}{too_long}")
