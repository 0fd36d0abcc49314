from __future__ import annotations

from tests.rollouts.journey import Journey, shop


def test_a_first_release_goes_live_and_everything_that_is_told_about_it_agrees(journey: Journey) -> None:
    rollout = journey.start(journey.release("1.0.0", shop()))
    row = journey.succeeded(rollout)

    assert journey.phases(rollout) == ["waiting", "progressing", "verifying", "succeeded"]
    assert journey.image() == "shop/web:1"
    assert journey.names("Deployment", group="apps") == ["web"]
    target = journey.target()
    assert (target.live_version, target.live_rollout_id, target.live_by_label) == ("1.0.0", row.id, "Bo")
    assert (target.active_rollout_id, target.health, target.created_namespace) == (None, "healthy", True)
    assert journey.stretches() == [("1.0.0", True)]
    assert journey.activity() == [
        "rollout.phase pending",
        "rollout.phase progressing",
        "rollout.phase succeeded",
    ]
    assert journey.journal(rollout) == {"applied"}
    journey.audit_is_sound()
