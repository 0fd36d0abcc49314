from __future__ import annotations

from typing import Any

import pytest

from apps.audit.services import POLICY
from apps.core.problems import Conflict, Invalid
from apps.releases.models import Release
from apps.rollouts.services import starting
from slipway.engine.objects import ObjectKey
from slipway.engine.phases import Kind
from slipway.ports.clusters import Propagation, Refused
from tests.people import make_release
from tests.rollouts.driver import of
from tests.rollouts.journey import Journey, shop, worker


def test_a_bad_image_is_seen_early_and_everything_is_taken_back(journey: Journey) -> None:
    journey.environment(progress_deadline_seconds=journey.patience_seconds)
    journey.deployed("1.0.0", shop(greeting="hello", password="one", more=worker("mail")))
    before = journey.deployment()["spec"]
    rollout = journey.start(
        journey.release("1.1.0", shop("shop/missing:2", greeting="bye", password="two", more=worker("new")))
    )
    row = journey.ended(rollout, seconds=60)
    assert row.phase == "failed"
    assert "image shop/missing:2 cannot be pulled" in row.end_reason
    early = journey.cluster.facts().simulated
    assert row.end_reason.startswith("Deployment web: " if early else "Not healthy within 5 s: ")
    assert row.end_reason.endswith("Going back to 1.0.0.")
    back = journey.way_back_of(rollout)
    assert (back.kind, back.automatic, back.undoes_id, back.approvals_needed) == ("rollback", True, row.id, 0)
    # The slot passed from one to the other in one transaction: it was never free.
    assert back.created_at == row.ended_at
    assert back.slot_at == row.ended_at

    journey.succeeded(back)
    assert journey.deployment()["spec"] == before
    assert journey.names("Deployment", group="apps") == ["mail", "web"]
    assert journey.differences() == []
    assert journey.target().live_version == "1.0.0"
    assert journey.stretches() == [("1.0.0", False), ("1.0.0", True)]
    journey.audit_is_sound()


def test_pruned_objects_come_back_with_a_persons_rollback_from_our_store_alone(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = journey.deployed("1.0.0", shop(greeting="hello", more=worker("mail")))
    journey.deployed("2.0.0", shop("shop/web:2", greeting="bye", more=worker("queue")))
    assert journey.names("Deployment", group="apps") == ["queue", "web"]

    def refuse(*arguments: Any, **keywords: Any) -> Any:
        raise AssertionError("a rollback renders nothing")

    monkeypatch.setattr("apps.releases.services.documents.render", refuse)
    monkeypatch.setattr("apps.rollouts.services.sources.documents_for", refuse)
    monkeypatch.setattr("apps.rollouts.services.planning.prepare", refuse)
    rollout = journey.start(of(first).release, kind=Kind.ROLLBACK)
    journey.succeeded(rollout)
    assert journey.names("Deployment", group="apps") == ["mail", "web"]
    assert journey.image() == "shop/web:1"
    assert journey.differences() == []


def test_a_rollback_that_fails_stops_and_calls_a_person(journey: Journey) -> None:
    journey.environment(progress_deadline_seconds=journey.patience_seconds)
    journey.deployed("1.0.0", shop())
    rollout = journey.start(journey.release("1.1.0", shop("shop/missing:2")))

    def refuse(method: str, what: str, writes: bool) -> None:
        if writes and what.startswith("Deployment") and of(rollout).ended_at is not None:
            raise Refused("admission says no", status=403)

    journey.tap.before = refuse
    row = journey.ended(rollout, seconds=60)
    assert row.phase == "failed"
    row = journey.ended(journey.way_back_of(rollout))
    assert row.phase == "failed"
    with journey.scope():
        assert not row.ways_back.exists()
    target = journey.target()
    assert target.needs_person_since is not None
    assert "admission says no" in target.needs_person_sentence
    assert target.active_rollout_id is None

    journey.tap.before = lambda method, what, writes: None
    release = of(rollout).release
    with journey.scope(), pytest.raises(Conflict, match="needs a person"):
        starting.start_automatically(POLICY, target, release, why="a policy")
    mended = journey.start(journey.release("1.2.0", shop("shop/web:3")))
    journey.succeeded(mended)
    assert journey.target().needs_person_since is None


def test_a_first_release_that_fails_stays_and_calls_a_person(journey: Journey) -> None:
    journey.environment(progress_deadline_seconds=journey.patience_seconds)
    rollout = journey.start(journey.release("1.0.0", shop("shop/missing:1")))
    row = journey.ended(rollout, seconds=60)
    assert row.phase == "failed"
    with journey.scope():
        assert not row.ways_back.exists()
    target = journey.target()
    assert target.needs_person_since is not None
    assert target.live_release_id is None
    assert journey.names("Deployment", group="apps") == ["web"]
    retried = journey.start(make_release(journey.dee, journey.application, "1.0.1", shop()))
    journey.succeeded(retried)
    assert journey.differences() == []


def test_not_healthy_within_the_deadline_is_bad(journey: Journey) -> None:
    journey.environment(progress_deadline_seconds=5)
    journey.deployed("1.0.0", shop())
    rollout = journey.start(journey.release("1.1.0", shop("shop/unready:2")))
    row = journey.ended(rollout)
    assert row.phase == "failed"
    assert row.end_reason.startswith("Not healthy within 5 s: ")
    journey.succeeded(journey.way_back_of(rollout))
    assert journey.image() == "shop/web:1"


def test_health_must_hold_while_it_bakes(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    with journey.scope():
        environment = journey.environments["production"]
        environment.bake_seconds = 3
        environment.save()
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2")))
    journey.until(rollout, lambda row: row.phase == "verifying")
    assert "watched until" in of(rollout).sentence
    key = ObjectKey.of(journey.deployment())
    journey.cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND)
    row = journey.ended(rollout)
    assert row.phase == "failed"
    assert "Deployment web: is not there" in row.end_reason
    journey.succeeded(journey.way_back_of(rollout))
    assert journey.image() == "shop/web:1"


def test_a_release_that_never_stood_there_is_nothing_to_go_back_to(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    never = journey.release("1.1.0", shop("shop/web:2"))
    with pytest.raises(Invalid, match="never succeeded on this target"):
        journey.start(never, kind=Kind.ROLLBACK)


def test_a_failed_job_is_run_again_by_a_retry_and_never_by_a_rollback(journey: Journey) -> None:
    def job(image: str) -> str:
        return f"""
apiVersion: batch/v1
kind: Job
metadata: {{name: migrate, annotations: {{slipway.dev/hook: pre-deploy}}}}
spec:
  backoffLimit: 0
  template:
    spec: {{restartPolicy: Never, containers: [{{name: migrate, image: "{image}"}}]}}
"""

    first = journey.deployed("1.0.0", shop(more=job("shop/migrate:1")))
    bad = journey.start(journey.release("1.1.0", shop("shop/web:2", more=job("shop/fail:2"))))
    row = journey.ended(bad, seconds=60)
    assert row.phase == "failed"
    assert "Job migrate-" in row.end_reason
    journey.tap.clear()
    journey.succeeded(journey.way_back_of(bad))
    assert [name for name in journey.tap.names() if name.startswith("apply Job")] == []
    assert journey.image() == "shop/web:1"

    journey.deployed("2.0.0", shop("shop/web:3", more=job("shop/migrate:3")))
    journey.tap.clear()
    back = journey.start(of(first).release, kind=Kind.ROLLBACK)
    journey.succeeded(back)
    assert [name for name in journey.tap.names() if name.startswith("apply Job")] == []
    with journey.scope():
        assert Release.objects.count() == 3
