from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core import outbox, scopes
from apps.core.models import OutboxMessage
from tests.people import People
from tests.rollouts.driver import Driver

TASK = "rollouts.clean_up"
ID = "01890000-0000-7000-8000-000000000001"


@pytest.fixture
def done(
    transactional_database: str, people: People, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """The rollouts that `clean_up` was told of; no cluster is asked."""
    told: list[str] = []
    monkeypatch.setattr(
        "apps.rollouts.services.cleaning.clean_up", lambda organization, rollout: told.append(str(rollout))
    )
    return told


def promise(people: People, name: str, **when: object) -> None:
    with scopes.organization(people.acme.id):
        outbox.send(TASK, rollout=name, **when)  # type: ignore[arg-type]  # passed on as it is


def left(people: People) -> int:
    with scopes.organization(people.acme.id):
        return int(OutboxMessage.objects.count())


def make_due(people: People) -> None:
    with scopes.organization(people.acme.id):
        OutboxMessage.objects.update(not_before=timezone.now() - timedelta(seconds=1))


def test_it_is_done_once_and_then_forgotten(people: People, driver: Driver, done: list[str]) -> None:
    promise(people, ID)
    driver.drain()
    assert (done, left(people)) == ([ID], 0)
    assert outbox.sweep() == 0


def test_a_broker_that_forgets_everything_loses_no_task(
    people: People, driver: Driver, done: list[str]
) -> None:
    promise(people, ID)
    driver.queue.clear()
    assert outbox.sweep() == 0  # it is given its time first
    make_due(people)
    assert outbox.sweep() == 1
    assert outbox.sweep() == 0  # and is not sent at every tick
    driver.drain()
    assert (done, left(people)) == ([ID], 0)


def test_a_message_that_comes_twice_is_done_once(people: People, driver: Driver, done: list[str]) -> None:
    promise(people, ID)
    driver.queue.append(driver.queue[0])
    driver.drain()
    assert done == [ID]


def test_a_task_that_fails_stays_promised(
    people: People, driver: Driver, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    promise(people, ID)
    with monkeypatch.context() as patch:
        patch.setattr("apps.rollouts.services.cleaning.clean_up", lambda organization, rollout: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            driver.drain()
    assert left(people) == 1
    make_due(people)
    outbox.sweep()
    driver.drain()
    assert (done, left(people)) == ([ID], 0)


def test_what_is_for_later_is_sent_then(people: People, driver: Driver, done: list[str]) -> None:
    promise(people, ID, not_before=timezone.now() + timedelta(seconds=20))
    driver.drain()
    assert outbox.sweep() == 0
    make_due(people)
    assert outbox.sweep() == 1
    driver.drain()
    assert done == [ID]


def test_what_is_rolled_back_is_never_sent(people: People, driver: Driver, done: list[str]) -> None:
    with scopes.organization(people.acme.id), transaction.atomic():
        outbox.send(TASK, rollout=ID)
        transaction.set_rollback(True)
    assert not driver.sent
    assert left(people) == 0
