"""A worker is killed between any two statements and any two requests; the sweeper finds what it left."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.core import scopes
from apps.core.models import OutboxMessage
from apps.rollouts.models import JournalEntry, Rollout
from apps.rollouts.services import advancing, leases, looking, sweeping
from slipway.ports.clusters import Unreachable
from tests.rollouts.driver import of
from tests.rollouts.journey import Journey, shop, worker


class Killed(BaseException):
    """As `kill -9`: nothing that comes after it, in whatever `finally`, reaches the database or the cluster."""


@dataclass
class Reaper:
    """Counts every SQL statement and every request, and kills at the one that is wanted."""

    journey: Journey
    count: int = 0
    kill_at: int = -1
    dead: bool = False
    where: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journey.tap.before = lambda method, what, writes: self.pass_by(f"before {method} {what}")
        self.journey.tap.after = lambda method, what, writes: self.pass_by(f"after {method} {what}")

    def pass_by(self, where: str) -> None:
        if self.dead:
            raise Killed
        self.count += 1
        if self.count == self.kill_at:
            self.dead = True
            self.where.append(where)
            raise Killed

    def statement(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            self.pass_by(sql[:60])
        return execute(sql, parameters, many, context)

    def run(self, rollout: Rollout, *, kill_at: int) -> bool:
        """Works until the rollout ends or the kill comes. True: it was killed."""
        self.count, self.kill_at, self.dead = 0, kill_at, False
        try:
            with connection.execute_wrapper(self.statement):
                self.journey.until(rollout, lambda row: row.ended_at is not None)
        except Killed:
            return True
        finally:
            self.kill_at, self.dead = -1, False
        return False


def revive(journey: Journey) -> None:
    """What the killed worker held runs out, every message is lost, and beat's tick comes."""
    journey.driver.queue.clear()
    past = timezone.now() - timedelta(seconds=5)
    with scopes.organization(journey.people.acme.id):
        Rollout.objects.filter(leased_until__isnull=False).update(leased_until=past)
        Rollout.objects.filter(ended_at__isnull=True).update(next_check_at=past)
    sweeping.sweep()


def everything_agrees(journey: Journey, rollout: Rollout, image: str) -> None:
    journey.kinds(rollout)  # numbered without a gap
    assert journey.image() == image
    assert journey.differences() == []
    assert journey.journal(rollout) == {"applied"}
    journey.audit_is_sound()


@pytest.mark.parametrize("seed", range(2))
def test_a_worker_killed_anywhere_leaves_a_rollout_that_goes_on_by_itself(
    journey: Journey, seed: int
) -> None:
    chance = random.Random(seed)
    journey.deployed("1.0.0", shop(more=worker("old")))
    generation = journey.deployment()["metadata"]["generation"]
    reaper = Reaper(journey)
    for number in range(1, 6):
        image = f"shop/web:{number + 1}"
        release = journey.release(
            f"1.{number}.0", shop(image, greeting=f"hello {number}", more=worker(f"w{number}"))
        )
        rollout = journey.start(release)
        for _ in range(chance.randint(1, 4)):
            if not reaper.run(rollout, kill_at=chance.randint(1, 140)):
                break
            revive(journey)
        journey.succeeded(rollout)
        everything_agrees(journey, rollout, image)
        # The same apply twice is one change for everybody who watches.
        generation += 1
        assert journey.deployment()["metadata"]["generation"] == generation, reaper.where
        assert journey.names("Deployment", group="apps") == [f"w{number}", "web"]
    assert len(reaper.where) >= 3


def test_a_worker_killed_on_the_way_back_is_followed_by_one_that_finishes_it(journey: Journey) -> None:
    chance = random.Random(11)
    journey.deployed("1.0.0", shop())
    reaper = Reaper(journey)
    for number in range(1, 4):
        rollout = journey.start(
            journey.release(f"1.{number}.0", shop("shop/unready:2", more=worker(f"w{number}")))
        )
        journey.until(rollout, lambda row: row.step >= 2 and "healthy" in row.sentence)
        journey.steer("abort", rollout)
        for _ in range(3):
            reaper.run(rollout, kill_at=chance.randint(1, 60))
            revive(journey)
        journey.ended(rollout)
        back = journey.way_back_of(rollout)
        for _ in range(2):
            reaper.run(back, kill_at=chance.randint(1, 120))
            revive(journey)
        journey.succeeded(back)
        everything_agrees(journey, back, "shop/web:1")
        assert journey.names("Deployment", group="apps") == ["web"]


def test_a_change_by_somebody_else_in_the_middle_pauses_it_and_says_whose(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2")))

    def change_first(method: str, what: str, writes: bool) -> None:
        if writes and what.startswith("Deployment"):
            journey.tap.before = lambda method, what, writes: None
            spec = {"containers": [{"name": "web", "image": "evil/web:1"}]}
            journey.write_by_hand(
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "metadata": {"name": "web", "namespace": journey.namespace()},
                    "spec": {"template": {"spec": spec}},
                },
                manager="stranger",
            )

    journey.tap.before = change_first
    row = journey.until(rollout, lambda row: row.phase == "paused")
    assert row.sentence == (
        "Paused: spec.template.spec.containers[name=web].image of Deployment web was changed by stranger."
    )
    assert journey.image() == "evil/web:1"
    journey.steer("abort", rollout)
    journey.ended(rollout)
    journey.succeeded(journey.way_back_of(rollout))
    assert journey.image() == "shop/web:1"


def test_a_worker_that_lost_its_lease_writes_nothing(journey: Journey) -> None:
    journey.deployed("1.0.0", shop(more=worker("a")))
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2", more=worker("a", "shop/worker:2"))))

    def lose_it(method: str, what: str, writes: bool) -> None:
        if writes:
            journey.tap.after = lambda method, what, writes: None
            with scopes.organization(rollout.organization_id):
                Rollout.objects.filter(id=rollout.id).update(
                    leased_until=timezone.now() - timedelta(seconds=1)
                )
            assert leases.acquire(rollout.organization_id, rollout.id) is not None

    journey.tap.after = lose_it
    journey.tap.clear()
    before = of(rollout).event_number
    assert advancing.advance(rollout.organization_id, rollout.id) == ""
    assert journey.tap.names() == ["apply Deployment a"]
    row = of(rollout)
    assert row.leased_until is not None
    assert row.event_number > before
    with journey.scope():
        states = dict(
            JournalEntry.objects.filter(rollout_id=rollout.id, verb="change").values_list("key", "state")
        )
    assert set(states.values()) == {"sent"}
    revive(journey)
    journey.succeeded(rollout)
    everything_agrees(journey, rollout, "shop/web:2")


def test_what_a_worker_created_too_late_is_removed_by_the_clean_up(journey: Journey) -> None:
    from apps.rollouts.services.cleaning import clean_up

    journey.deployed("1.0.0", shop())
    rollout = journey.start(journey.release("1.1.0", shop("shop/unready:2", more=worker("late"))))
    journey.until(rollout, lambda row: row.step >= 2 and "healthy" in row.sentence)
    late = journey.deployment("late")
    journey.steer("abort", rollout)
    journey.ended(rollout)
    back = journey.succeeded(journey.way_back_of(rollout))
    assert journey.live("Deployment", "late", group="apps") is None
    with journey.scope():
        booked = OutboxMessage.objects.get(task="rollouts.clean_up")
    assert booked.not_before > timezone.now()  # when every lease of the aborted one is over

    kept = {name: late["metadata"][name] for name in ("name", "namespace", "annotations")}
    journey.write_by_hand(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": kept, "spec": late["spec"]}
    )
    assert clean_up(journey.people.acme.id, back.id) == 1
    assert journey.live("Deployment", "late", group="apps") is None


def test_while_the_api_does_not_answer_deadlines_stand_still_and_then_it_goes_on(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    rollout = journey.start(journey.release("1.1.0", shop("shop/unready:2")))
    journey.until(rollout, lambda row: row.step >= 2 and "healthy" in row.sentence)
    deadline = of(rollout).deadline_at

    def silence(method: str, what: str, writes: bool) -> None:
        raise Unreachable("no answer in time.")

    journey.tap.before = silence
    row = journey.until(rollout, lambda row: row.unreachable_since is not None)
    assert row.phase == "progressing"
    assert row.sentence == "The cluster does not answer: no answer in time. Deadlines stand still."
    with journey.scope():
        Rollout.objects.filter(id=rollout.id).update(
            standing_still_since=row.standing_still_since - timedelta(hours=1)
        )
    journey.driver.drain()
    assert of(rollout).ended_at is None

    journey.tap.before = lambda method, what, writes: None
    row = journey.until(rollout, lambda row: row.unreachable_since is None)
    assert deadline is not None
    assert row.deadline_at is not None
    assert row.deadline_at - deadline >= timedelta(hours=1)
    kinds = journey.kinds(rollout)
    assert kinds.index("cluster-silent") < kinds.index("cluster-answers")


def test_a_broker_that_is_away_loses_nothing(journey: Journey) -> None:
    release = journey.release("1.0.0", shop())
    journey.driver.drain()
    journey.driver.broker_is_away = True
    rollout = journey.start(release)
    journey.driver.broker_is_away = False
    assert not journey.driver.queue
    revive(journey)
    journey.succeeded(rollout)


def test_a_mistake_of_ours_is_tried_again_and_holds_nothing(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = journey.start(journey.release("1.0.0", shop()))
    with monkeypatch.context() as patch:
        patch.setattr(looking.planning, "make_plan", lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            advancing.advance(rollout.organization_id, rollout.id)
    row = of(rollout)
    assert row.leased_until is None
    assert row.next_check_at > timezone.now() + timedelta(seconds=5)
    assert not transaction.get_connection().in_atomic_block
    journey.succeeded(rollout)
