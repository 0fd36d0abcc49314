from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.people import People
from tests.rollouts.driver import Driver
from tests.rollouts.journey import Journey, journey_on


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    """Nothing reaches a broker: what is sent is carried out by the test."""
    from slipway.celery import app

    app.loader.import_default_modules()
    made = Driver()
    monkeypatch.setattr(
        type(app),
        "send_task",
        lambda self, name, kwargs=None, queue=None, eta=None, **options: made.take(name, kwargs, queue, eta),
    )
    return made


@pytest.fixture(params=["sandbox", pytest.param("real", marks=pytest.mark.cluster)])
def journey(
    request: pytest.FixtureRequest,
    transactional_database: str,
    people: People,
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Journey]:
    """An application on the sandbox and on the real control plane; its namespaces go afterwards."""
    holder = request.getfixturevalue("sandbox" if request.param == "sandbox" else "real_cluster")
    with journey_on(holder.kubeconfig, people, driver, monkeypatch) as made:
        yield made
