"""What only a Kubernetes newer than the real test control plane can show: asked of the sandbox, proven by nobody.

A test names such an expectation where it asks for the version; the last lines of the run count those that no real
server was asked about.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clusters import Place

_PROPERTY = "newer Kubernetes"
_proven: dict[str, bool] = {}  # by expectation: whether a real server new enough was asked

Newer = Callable[[Place, int, str], bool]


@pytest.fixture
def newer(request: pytest.FixtureRequest) -> Newer:
    """`newer(place, 23, "serves autoscaling/v2")`: whether the place's Kubernetes is 1.23 or newer."""

    def ask(place: Place, minor: int, expectation: str) -> bool:
        is_newer = place.minor >= minor
        if is_newer:
            # With the report, so that it arrives from a worker of xdist as well.
            told = [expectation, place.kind == "real"]
            request.node.user_properties.append((_PROPERTY, told))
        return is_newer

    return ask


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call":
        return
    for name, told in report.user_properties:
        if name == _PROPERTY:
            expectation, on_a_real_server = told
            proven = on_a_real_server and report.passed
            _proven[expectation] = _proven.get(expectation, False) or proven


def unproven() -> list[str]:
    return sorted(expectation for expectation, proven in _proven.items() if not proven)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if left := unproven():
        terminalreporter.section(
            f"not proven on a real server: {len(left)} expectations of a newer Kubernetes"
        )
        for expectation in left:
            terminalreporter.write_line(expectation)
