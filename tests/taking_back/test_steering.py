from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.problems import Conflict
from apps.rollouts.models import Rollout
from slipway.engine.phases import Kind
from tests.rollouts.driver import of
from tests.rollouts.journey import Journey, shop, worker


def stuck(journey: Journey) -> Rollout:
    """1.0.0 is live; 1.1.0 has been written and its pods do not become ready."""
    journey.deployed("1.0.0", shop())
    rollout = journey.start(journey.release("1.1.0", shop("shop/unready:2", greeting="bye")))
    return journey.until(
        rollout, lambda row: "watching" in row.sentence or "healthy" in row.sentence, what="it watches"
    )


def restored(journey: Journey, rollout: Rollout) -> Rollout:
    row = journey.ended(rollout)
    assert (row.phase, row.end_reason) == ("aborted", "Aborted by Bo. Going back to 1.0.0.")
    back = journey.succeeded(journey.way_back_of(rollout))
    assert journey.image() == "shop/web:1"
    assert journey.differences() == []
    journey.audit_is_sound()
    return back


def test_aborted_while_it_waits_nothing_was_written_and_nothing_is_undone(journey: Journey) -> None:
    journey.environment(approvals_needed=1)
    rollout = journey.start(journey.release("1.0.0", shop()))
    journey.waiting(rollout)
    journey.steer("abort", rollout)
    row = journey.ended(rollout)
    assert (row.phase, row.end_reason) == ("aborted", "Aborted by Bo.")
    assert journey.tap.writes == []
    assert journey.target().needs_person_since is None


def test_aborted_between_two_objects_no_further_one_is_written(journey: Journey) -> None:
    journey.deployed("1.0.0", shop(more=worker("a")))
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2", more=worker("a", "shop/worker:2"))))
    journey.tap.clear()

    def abort_after_the_first(method: str, what: str, writes: bool) -> None:
        if writes and what.startswith("Deployment"):
            journey.tap.after = lambda method, what, writes: None
            journey.steer("abort", rollout)
            row = of(rollout)
            assert (row.ended_at, row.sentence) == (None, "Bo asked to abort.")
            journey.tap.writes.append(("abort", "A//B"))

    journey.tap.after = abort_after_the_first
    restored(journey, rollout)
    names = journey.tap.names()
    # One forward write, then the abort, then one write of the way back: the other Deployment was never touched.
    assert names == ["apply Deployment a", "abort A B", "apply Deployment a"]


def test_aborted_while_its_pods_start_the_last_good_release_is_restored(journey: Journey) -> None:
    rollout = stuck(journey)
    journey.steer("abort", rollout)
    back = restored(journey, rollout)
    assert back.undoes_id == rollout.id
    assert back.requested_by_label == "Bo"


def test_aborted_while_it_bakes_the_last_good_release_is_restored(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    with journey.scope():
        environment = journey.environments["production"]
        environment.bake_seconds = 2
        environment.save()
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2")))
    journey.until(rollout, lambda row: row.phase == "verifying")
    journey.steer("abort", rollout)
    restored(journey, rollout)


def test_an_abort_goes_by_its_own_queue_and_a_second_one_is_the_first_again(journey: Journey) -> None:
    rollout = stuck(journey)
    journey.driver.sent.clear()
    journey.steer("abort", rollout)
    assert [message.queue for message in journey.driver.sent] == ["abort"]
    journey.steer("abort", rollout, by=journey.ana)
    assert of(rollout).abort_requested_by_label == "Bo"
    restored(journey, rollout)


def test_stopped_here_what_was_written_stays_and_a_person_is_called(journey: Journey) -> None:
    rollout = stuck(journey)
    journey.steer("stop_here", rollout)
    row = journey.ended(rollout)
    assert row.phase == "aborted"
    with journey.scope():
        assert not row.ways_back.exists()
    assert journey.image() == "shop/unready:2"
    assert journey.target().needs_person_since is not None
    assert journey.target().live_version == "1.0.0"


def test_paused_it_writes_nothing_and_its_deadline_stands_still(journey: Journey) -> None:
    rollout = stuck(journey)
    deadline = of(rollout).deadline_at
    journey.steer("pause", rollout)
    journey.until(rollout, lambda row: row.phase == "paused")
    journey.tap.clear()
    with journey.scope():
        row = of(rollout)
        assert row.standing_still_since is not None
        Rollout.objects.filter(id=rollout.id).update(
            standing_still_since=row.standing_still_since - timedelta(seconds=100)
        )
    journey.driver.drain()
    assert of(rollout).reasons[0]["gate"] == "pause"
    journey.steer("resume", rollout)
    row = journey.until(rollout, lambda row: row.phase == "progressing")
    assert deadline is not None
    assert row.deadline_at is not None
    assert row.deadline_at - deadline >= timedelta(seconds=100)
    assert journey.tap.writes == []
    journey.steer("abort", rollout)
    restored(journey, rollout)


def test_only_what_ended_badly_is_tried_again_as_a_new_rollout(journey: Journey) -> None:
    first = journey.deployed("1.0.0", shop())
    with pytest.raises(Conflict, match="Only a rollout that failed, errored or was aborted"):
        journey.steer("retry", first)
    rollout = stuck_again(journey)
    journey.steer("abort", rollout)
    restored(journey, rollout)
    again = journey.steer("retry", rollout)
    assert again.id != rollout.id
    assert again.release_id == rollout.release_id
    journey.until(again, lambda row: row.phase == "progressing")
    journey.steer("abort", again)
    journey.ended(again)


def stuck_again(journey: Journey) -> Rollout:
    rollout = journey.start(journey.release("1.1.0", shop("shop/unready:2")))
    return journey.until(rollout, lambda row: row.step >= 2 and "healthy" in row.sentence)


def test_applied_once_more_it_mends_what_somebody_changed(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    changed = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": journey.namespace()},
        "spec": {"replicas": 4},
    }
    journey.write_by_hand(changed, manager="kubectl-by-hand")
    with journey.scope():
        from apps.rollouts.services.steering import reapply

        rollout = reapply(journey.bo, journey.target().id)
    assert rollout.kind == Kind.REAPPLY
    journey.succeeded(rollout)
    assert journey.deployment()["spec"]["replicas"] == 2
    assert journey.differences() == []


def test_a_newer_start_supersedes_what_waits_and_says_so(journey: Journey) -> None:
    journey.environment(approvals_needed=1)
    first = journey.start(journey.release("1.0.0", shop()))
    journey.waiting(first)
    second = journey.start(journey.release("1.1.0", shop("shop/web:2")), by=journey.ana)
    row = of(first)
    assert (row.phase, row.end_reason) == ("superseded", "Superseded by 1.1.0, asked for by Ana.")
    assert journey.phases(first)[-1] == "superseded"
    journey.waiting(second)


def test_the_same_start_twice_is_one_rollout(journey: Journey) -> None:
    release = journey.release("1.0.0", shop())
    first = journey.start(release)
    assert journey.start(release).id == first.id
    journey.driver.drain()
    with journey.scope():
        assert Rollout.objects.count() == 1
    journey.succeeded(first)
    journey.tap.clear()
    again = journey.start(release)
    assert again.id != first.id
    journey.succeeded(again)
    assert journey.tap.writes == []


def test_a_start_while_the_slot_is_taken_waits_for_it_and_says_for_which(journey: Journey) -> None:
    rollout = stuck(journey)
    following = journey.start(journey.release("1.2.0", shop("shop/web:3")))
    row = journey.waiting(following)
    assert f"ollout #{rollout.number} of 1.1.0 is on this target" in row.sentence
    journey.steer("abort", rollout)
    journey.succeeded(following)
    assert journey.image() == "shop/web:3"
    # The way back held the slot in between, and was not overtaken.
    with journey.scope():
        back = Rollout.objects.get(undoes_id=rollout.id)
    assert back.phase == "succeeded"
    assert back.ended_at <= of(following).slot_at
