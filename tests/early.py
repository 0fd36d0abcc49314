"""Loaded by `-p tests.early`, before Django's settings: chooses this run's addresses and puts them into the environment.

Nothing is started here. A run that touches no database starts no server.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Before pytest's own `pythonpath` takes effect, and before the project is installed in a fresh checkout.
sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "platform")]

from tests.servers import keeping, run  # noqa: E402  the path above must come first
from tests.sockets import refuse_the_outside  # noqa: E402  same

run.describe_to_environment()
refuse_the_outside()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        keeping.end()
