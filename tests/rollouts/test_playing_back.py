"""What a cluster really did can be played back from its events alone, and is told without saying anything twice."""

from __future__ import annotations

from apps.rollouts.models import Event, Rollout
from apps.rollouts.past import Past, fold
from tests.rollouts.driver import of
from tests.rollouts.journey import Journey, shop


def played_back(journey: Journey, rollout: Rollout) -> tuple[Past, Rollout]:
    with journey.scope():
        return fold(Event.objects.filter(rollout_id=rollout.id).order_by("number")), of(rollout)


def agrees(journey: Journey, rollout: Rollout) -> None:
    past, row = played_back(journey, rollout)
    assert past.number == row.event_number
    assert (past.phase, past.phase_since) == (row.phase, row.phase_since)
    assert (past.sentence, past.told) == (row.sentence, True)
    assert (past.step, past.plan_digest, past.plans) == (row.step, row.plan_digest, row.plan_number)
    assert (past.approvals_needed, list(past.reasons)) == (row.approvals_needed, row.reasons)
    assert past.objects == row.progress.get("objects", {})
    assert past.pods == row.progress.get("pods", {})
    assert past.warnings == row.progress.get("warnings", {})


def lines(journey: Journey, rollout: Rollout) -> list[str]:
    from apps.dashboard.pictures.story import story_of

    with journey.scope():
        return [line.words for line in reversed(story_of(of(rollout)).lines)]


def test_a_rollout_that_went_well(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    rollout = journey.deployed("1.1.0", shop("shop/web:2", replicas=3))
    agrees(journey, rollout)
    told = lines(journey, rollout)
    assert len(told) == len(set(told))
    assert [line.rpartition("Deployment web: ")[2] for line in told if "Deployment web: " in line][
        -1
    ] == "3 of 3 pods ready"


def test_a_rollout_whose_pods_crash_and_the_way_back(journey: Journey) -> None:
    journey.environment(progress_deadline_seconds=journey.patience_seconds)
    journey.deployed("1.0.0", shop())
    rollout = journey.start(journey.release("1.1.0", shop("shop/crash:1")))
    row = journey.ended(rollout, seconds=90)
    assert row.phase == "failed"
    back = journey.way_back_of(rollout)
    journey.succeeded(back)
    agrees(journey, rollout)
    agrees(journey, back)
    told = lines(journey, rollout)
    assert len(told) == len(set(told))
    if journey.cluster.facts().simulated:
        assert len([line for line in told if line.startswith("Pod ") and "BackOff" in line]) == 1
        assert (
            len([line for line in told if line.startswith("Deployment web") and "CrashLoopBackOff" in line])
            == 1
        )
        [warning] = {warning["reason"] for warning in row.progress["warnings"].values()}
        assert warning == "BackOff"
