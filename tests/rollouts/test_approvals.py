from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from apps.core.problems import Conflict, Forbidden, Outdated
from apps.rollouts.models import Rollout
from apps.rollouts.services.watching import noticed
from slipway.engine.objects import ObjectKey
from slipway.engine.phases import Kind
from tests.enduring.test_kills import Killed, revive
from tests.rollouts.driver import of
from tests.rollouts.journey import Journey, shop


def asked(journey: Journey, **policy: int) -> Rollout:
    """1.0.0 is live; 1.1.0 waits for its approval."""
    journey.environment(approvals_needed=1, **policy)
    journey.deployed("1.0.0", shop())
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2")))
    journey.waiting(rollout)
    journey.tap.clear()
    return rollout


def replicas_by_hand(journey: Journey, count: int) -> None:
    changed = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": journey.namespace()},
        "spec": {"replicas": count},
    }
    journey.write_by_hand(changed, manager="kubectl-by-hand")


def test_it_waits_and_says_for_what_and_for_whom(journey: Journey) -> None:
    rollout = asked(journey)
    row = of(rollout)
    assert "not approved yet" in row.sentence
    (held,) = [reason for reason in row.reasons if reason["answer"] == "wait"]
    assert held["gate"] == "approval"
    assert "(not Bo)" in held["unblocked_by"]
    assert journey.tap.writes == []


def test_a_second_person_approves_and_it_goes(journey: Journey) -> None:
    rollout = asked(journey)
    journey.approve(rollout, by=journey.ana)
    journey.succeeded(rollout)
    assert journey.image() == "shop/web:2"
    assert "approved" in journey.kinds(rollout)
    journey.audit_is_sound()


def test_who_asked_does_not_approve(journey: Journey) -> None:
    rollout = asked(journey)
    with pytest.raises(Forbidden, match="Who asked for a rollout does not approve it"):
        journey.approve(rollout, by=journey.bo)
    journey.driver.drain()
    assert of(rollout).phase == "waiting"
    assert journey.tap.writes == []


def test_a_rejection_ends_it_and_nothing_was_written(journey: Journey) -> None:
    rollout = asked(journey)
    journey.approve(rollout, approved=False)
    row = journey.ended(rollout)
    assert (row.phase, row.end_reason) == ("aborted", "Ana rejected this plan.")
    assert journey.tap.writes == []
    assert journey.target().needs_person_since is None


def test_a_decision_on_a_plan_that_is_no_longer_in_force_is_refused(journey: Journey) -> None:
    rollout = asked(journey)
    seen = of(rollout).plan_digest
    replicas_by_hand(journey, 5)
    with journey.scope():
        Rollout.objects.filter(id=rollout.id).update(
            planned_at=of(rollout).planned_at - timedelta(seconds=11)
        )
    key = ObjectKey("apps", "Deployment", journey.namespace(), "web")
    assert noticed(journey.people.acme.id, journey.cluster_row.id, [key]) == 1
    row = journey.until(rollout, lambda row: row.plan_digest != seen, what="a new plan")
    assert row.phase == "waiting"
    with pytest.raises(Outdated):
        journey.approve(rollout, digest=seen)
    assert "plan-changed" in journey.kinds(rollout)


def test_noticing_plans_again_ten_seconds_after_the_last_plan_and_not_before(journey: Journey) -> None:
    rollout = asked(journey)
    number = of(rollout).plan_number
    replicas_by_hand(journey, 5)
    key = ObjectKey("apps", "Deployment", journey.namespace(), "web")
    noticed(journey.people.acme.id, journey.cluster_row.id, [key])
    journey.driver.drain()
    row = of(rollout)
    assert (row.plan_number, row.plan_wanted) == (number, True)
    assert row.next_check_at <= row.planned_at + timedelta(seconds=10)


def plan_again(journey: Journey, rollout: Rollout) -> None:
    """As when the last plan is old enough and something moved."""
    with journey.scope():
        Rollout.objects.filter(id=rollout.id).update(
            planned_at=of(rollout).planned_at - timedelta(seconds=11)
        )
    key = ObjectKey("apps", "Deployment", journey.namespace(), "web")
    noticed(journey.people.acme.id, journey.cluster_row.id, [key])


def test_what_moves_while_the_plan_is_being_made_is_planned_for_as_well(journey: Journey) -> None:
    rollout = asked(journey)
    key = ObjectKey("apps", "Deployment", journey.namespace(), "web")

    def move(method: str, what: str, writes: bool) -> None:
        if method == "apply" and what.startswith("Deployment"):
            journey.tap.after = lambda method, what, writes: None
            noticed(journey.people.acme.id, journey.cluster_row.id, [key])
            connection.close()  # a dry run has a thread of its own

    journey.tap.after = move
    plan_again(journey, rollout)
    journey.driver.drain()
    row = of(rollout)
    assert row.plan_wanted is True  # by what moved in between; the wish of before is answered
    assert row.next_check_at <= row.planned_at + timedelta(seconds=10)
    plan_again(journey, rollout)
    journey.driver.drain()
    assert of(rollout).plan_wanted is False


def test_a_plan_whose_making_was_killed_is_due_still(journey: Journey) -> None:
    rollout = asked(journey)

    def kill(method: str, what: str, writes: bool) -> None:
        if method == "apply":
            raise Killed

    journey.tap.before = kill
    plan_again(journey, rollout)
    with pytest.raises(Killed):
        journey.driver.drain()
    journey.tap.before = lambda method, what, writes: None
    assert of(rollout).planned_at is None
    revive(journey)
    journey.driver.drain()
    assert of(rollout).planned_at is not None


def test_a_cluster_that_changed_after_the_approval_gets_nothing_applied(journey: Journey) -> None:
    rollout = asked(journey)
    approved = of(rollout).plan_digest
    journey.approve(rollout)
    replicas_by_hand(journey, 5)  # before the approval is acted upon
    row = journey.until(rollout, lambda row: row.plan_digest != approved and bool(row.reasons))
    journey.driver.drain()
    assert row.phase == "waiting"
    assert "not approved yet" in of(rollout).sentence
    assert journey.tap.writes == []
    assert journey.target().active_rollout_id is None
    assert "plan-changed" in journey.kinds(rollout)
    journey.approve(rollout)
    journey.succeeded(rollout)
    assert journey.deployment()["spec"]["replicas"] == 2


def test_where_no_approval_is_needed_a_changed_plan_goes_on_and_says_so(journey: Journey) -> None:
    journey.environment()
    journey.deployed("1.0.0", shop())
    blocker = journey.start(journey.release("1.1.0", shop("shop/slow:2")))
    journey.until(blocker, lambda row: row.step >= 2, what="the slot is taken")
    rollout = journey.start(journey.release("1.2.0", shop("shop/web:3")))
    journey.waiting(rollout)
    before = of(rollout).plan_digest
    journey.succeeded(blocker)
    row = journey.succeeded(rollout)
    assert row.plan_digest != before
    assert "plan-changed" in journey.kinds(rollout)


def test_the_same_decision_twice_is_the_first_one_and_another_is_refused(journey: Journey) -> None:
    journey.environment(approvals_needed=2)
    rollout = journey.start(journey.release("1.0.0", shop()))
    journey.waiting(rollout)
    first = journey.approve(rollout)
    assert journey.approve(rollout).id == first.id
    with pytest.raises(Conflict, match="decided on this plan already"):
        journey.approve(rollout, approved=False)
    journey.driver.drain()
    assert "1 of 2 approvals" in of(rollout).sentence


def test_a_persons_rollback_to_what_stands_there_skips_the_gates_and_to_an_older_release_does_not(
    journey: Journey,
) -> None:
    rollout = asked(journey)
    older = of(rollout).from_release
    journey.approve(rollout)
    journey.succeeded(rollout)
    journey.tap.clear()

    gated = journey.start(older, kind=Kind.ROLLBACK)
    row = journey.waiting(gated)
    assert "not approved yet" in row.sentence
    assert row.way_back_release is None
    journey.approve(gated)
    journey.succeeded(gated)
    assert journey.image() == "shop/web:1"

    free = journey.start(older, kind=Kind.ROLLBACK)
    journey.succeeded(free)
    assert of(free).approvals_needed == 0
