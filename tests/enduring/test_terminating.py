"""What is being deleted is waited for, with the reason, and made anew once it is gone."""

from __future__ import annotations

import pytest

from apps.rollouts.models import Rollout
from slipway.engine.objects import Manifest, ObjectKey, uid_of
from slipway.ports.clusters import Propagation
from tests.rollouts.journey import Journey, shop

FINALIZER = "slipway.dev/held-by-a-test"


def hold(journey: Journey) -> None:
    """One object in the namespace that does not go, so that the namespace does not either."""
    journey.write_by_hand(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "held", "namespace": journey.namespace(), "finalizers": [FINALIZER]},
        }
    )


def let_go(journey: Journey, kind: str = "ConfigMap", name: str = "held", group: str = "") -> None:
    key = ObjectKey(group, kind, journey.namespace(), name)
    journey.cluster.patch_json(key, [{"op": "remove", "path": "/metadata/finalizers"}], manager="somebody")


def delete_namespace(journey: Journey) -> str:
    """Its uid, for telling the new one by."""
    key = ObjectKey("", "Namespace", "", journey.namespace())
    before = journey.cluster.read(key)
    assert before is not None
    journey.cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND)
    journey.tap.clear()
    return uid_of(before)


def namespace(journey: Journey) -> Manifest:
    found = journey.cluster.read(ObjectKey("", "Namespace", "", journey.namespace()))
    assert found is not None
    return found


def waits(journey: Journey, rollout: Rollout, words: str) -> Rollout:
    return journey.until(rollout, lambda row: words in row.sentence, what=words)


@pytest.mark.parametrize("approvals", [0, 1])
def test_a_namespace_that_is_being_deleted_when_it_is_planned_is_waited_for_and_made_anew(
    journey: Journey, approvals: int
) -> None:
    journey.environment(approvals_needed=approvals)
    journey.deployed("1.0.0", shop())
    hold(journey)
    old = delete_namespace(journey)
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2")))
    if approvals:
        journey.waiting(rollout)
        journey.approve(rollout)
    row = waits(journey, rollout, "is being deleted first")
    assert row.sentence == f"Step 1 of 3: Namespace {journey.namespace()} is being deleted first."
    assert row.phase == "progressing"
    assert set(journey.plan(rollout).values()) == {"create"}
    assert journey.tap.writes == []
    let_go(journey)
    row = journey.succeeded(rollout)
    assert row.plan_number == 1  # what was approved is what was applied
    assert uid_of(namespace(journey)) != old
    assert journey.image() == "shop/web:2"
    assert journey.differences() == []


def test_a_namespace_deleted_between_the_last_comparison_and_the_first_write_is_planned_for(
    journey: Journey,
) -> None:
    journey.environment(approvals_needed=1)
    journey.deployed("1.0.0", shop())
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2", greeting="hello again")))
    journey.waiting(rollout)
    hold(journey)
    journey.approve(rollout)
    comparisons = 0

    def delete(method: str, what: str, writes: bool) -> None:
        nonlocal comparisons
        if method == "read" and what.startswith("Namespace//") and not writes:
            comparisons += 1
            if comparisons == 2:  # the first is the last comparison's, the second the apply's own
                journey.tap.before = lambda method, what, writes: None
                delete_namespace(journey)

    journey.tap.before = delete
    # Nothing was written: the plan that makes everything anew goes back to those who approve.
    row = journey.until(rollout, lambda row: row.plan_number == 2 and bool(row.reasons), what="a new plan")
    assert row.phase == "waiting"
    assert set(journey.plan(rollout).values()) == {"create"}
    assert journey.tap.writes == []
    journey.approve(rollout)
    waits(journey, rollout, "is being deleted first")
    let_go(journey)
    journey.succeeded(rollout)
    assert journey.differences() == []


def test_a_namespace_deleted_while_it_is_written_in_is_made_anew_with_all_that_was_in_it(
    journey: Journey,
) -> None:
    journey.deployed("1.0.0", shop())
    hold(journey)

    def delete(method: str, what: str, writes: bool) -> None:
        if writes and what.startswith("ConfigMap/"):
            journey.tap.after = lambda method, what, writes: None
            delete_namespace(journey)

    journey.tap.after = delete
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2", greeting="hello again")))
    waits(journey, rollout, "is being deleted first")
    let_go(journey)
    journey.succeeded(rollout)
    assert journey.image() == "shop/web:2"
    assert journey.differences() == []


def test_what_was_approved_is_not_replaced_by_another_plan_once_it_is_half_written(journey: Journey) -> None:
    journey.environment(approvals_needed=1)
    journey.deployed("1.0.0", shop())

    def delete(method: str, what: str, writes: bool) -> None:
        if writes and what.startswith("ConfigMap/"):
            journey.tap.after = lambda method, what, writes: None
            delete_namespace(journey)

    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2", greeting="hello again")))
    journey.waiting(rollout)
    journey.tap.after = delete
    journey.approve(rollout)
    row = journey.until(rollout, lambda row: row.phase == "paused", what="paused")
    assert row.sentence.startswith(f"Paused: The namespace {journey.namespace()} is")
    assert row.sentence.endswith("That is not what was approved.")
    journey.steer("abort", rollout)
    assert journey.ended(rollout).phase == "aborted"
    journey.succeeded(journey.way_back_of(rollout))
    assert journey.image() == "shop/web:1"
    assert journey.differences() == []


def test_a_namespace_that_does_not_go_fails_the_rollout_at_its_deadline(journey: Journey) -> None:
    journey.environment(progress_deadline_seconds=5)
    journey.deployed("1.0.0", shop())
    hold(journey)
    delete_namespace(journey)
    rollout = journey.ended(journey.start(journey.release("1.1.0", shop("shop/web:2"))))
    try:
        assert rollout.phase == "failed"
        assert rollout.end_reason.startswith("Namespaces and kinds was not done within 5 s.")
        # The way back finds the same namespace; nothing is written in it either.
        assert journey.ended(journey.way_back_of(rollout)).phase == "failed"
    finally:
        let_go(journey)


def test_an_object_that_is_being_deleted_is_waited_for_and_made_anew(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    key = ObjectKey("", "Service", journey.namespace(), "web")
    add = [{"op": "add", "path": "/metadata/finalizers", "value": [FINALIZER]}]
    old = uid_of(journey.cluster.patch_json(key, add, manager="somebody"))
    journey.cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND)
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2")))
    row = waits(journey, rollout, "Service web is being deleted first")
    assert row.phase == "progressing"
    assert journey.plan(rollout)["Service web"] == "create"
    let_go(journey, "Service", "web")
    row = journey.succeeded(rollout)
    assert row.plan_number == 1
    live = journey.live("Service", "web")
    assert live is not None
    assert uid_of(live) != old
    assert journey.differences() == []
