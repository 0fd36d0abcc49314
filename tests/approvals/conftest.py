from __future__ import annotations

import pytest

from tests.approvals.bench import Bench, make_bench
from tests.people import People
from tests.rollouts.conftest import driver
from tests.rollouts.driver import Driver

__all__ = ["driver"]


@pytest.fixture
def bench(
    transactional_database: str, people: People, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> Bench:
    return make_bench(people, monkeypatch)
