from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.servers import databases, keeping
from tests.servers.run import current

pytest_plugins = ["tests.requirements", "tests.folder_times", "tests.clusters", "tests.newer", "tests.people"]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker, valkey: str) -> Iterator[None]:
    """In place of pytest-django's: a migrated copy on a real server, entered as the application's log-in."""
    keeping.ensure_postgres()
    with django_db_blocker.unblock(), databases.copy(current().database):
        yield


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The address of this worker's Valkey, without a database number."""
    process = databases.ensure_valkey()
    yield current().valkey().url()
    process.kill()
    process.wait()


@pytest.fixture
def transactional_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A fresh copy of the migrated database for this test alone: commits are real, other threads and processes
    see them, and nothing is flushed afterwards. Yields the application's DATABASE_URL, which is in the
    environment too."""
    name = f"copy_{current().worker}_{next(_numbers)}"
    with django_db_blocker.unblock(), databases.copy(name):
        yield os.environ["DATABASE_URL"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marker = item.get_closest_marker("django_db")
        fixtures = getattr(item, "fixturenames", ())
        if (
            (marker and marker.kwargs.get("transaction"))
            or "transactional_db" in fixtures
            or "live_server" in fixtures
        ):
            raise pytest.UsageError(
                f"{item.nodeid}: take the fixture transactional_database. Django's way ends with a TRUNCATE, "
                "which the audit table refuses."
            )
