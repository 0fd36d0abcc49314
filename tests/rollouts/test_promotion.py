from __future__ import annotations

from apps.core import scopes
from apps.rollouts.models import Rollout
from tests.people import make_environments, make_release
from tests.rollouts.driver import Message, of
from tests.rollouts.journey import Journey, shop


def rollouts(journey: Journey) -> list[tuple[str, str, str, bool]]:
    with journey.scope():
        rows = Rollout.objects.select_related("environment", "release").order_by("number")
        return [(row.environment.slug, row.release.version, row.phase, row.automatic) for row in rows]


def test_a_release_goes_by_itself_through_dev_and_staging_up_to_the_approval(journey: Journey) -> None:
    journey.environments = make_environments(journey.ana, [journey.cluster_row])
    make_release(journey.dee, journey.application, "1.0.0", shop())

    def in_production() -> Rollout | None:
        with journey.scope():
            found: Rollout | None = Rollout.objects.filter(
                environment__slug="production", phase="waiting"
            ).first()
            return found if found is not None and found.reasons else None

    waiting = journey.driver.until(in_production, seconds=60)
    assert rollouts(journey) == [
        ("dev", "1.0.0", "succeeded", True),
        ("staging", "1.0.0", "succeeded", True),
        ("production", "1.0.0", "waiting", True),
    ]
    assert of(waiting).requested_by_label == "policy"
    journey.approve(waiting, by=journey.bo)
    journey.succeeded(waiting)
    for environment in ("dev", "staging", "production"):
        assert journey.target(environment).live_version == "1.0.0"
        assert journey.differences(environment) == []
    journey.audit_is_sound()


def test_a_release_that_fails_in_dev_goes_no_further(journey: Journey) -> None:
    journey.environments = make_environments(
        journey.ana, [journey.cluster_row], progress_deadline_seconds=journey.patience_seconds
    )
    release = make_release(journey.dee, journey.application, "1.0.0", shop("shop/missing:1"))

    def failed() -> bool:
        with scopes.organization(release.organization_id):
            return Rollout.objects.filter(phase="failed").exists()

    journey.driver.until(failed, seconds=60)
    journey.driver.drain()
    assert rollouts(journey) == [("dev", "1.0.0", "failed", True)]
    assert journey.target("dev").needs_person_since is not None
    # Nothing automatic starts on a target that needs a person.
    make_release(journey.dee, journey.application, "1.0.1", shop())
    journey.driver.drain()
    assert rollouts(journey) == [("dev", "1.0.0", "failed", True)]


def test_a_promotion_that_is_told_twice_starts_once(journey: Journey) -> None:
    journey.environments = make_environments(journey.ana, [journey.cluster_row])
    release = make_release(journey.dee, journey.application, "1.0.0", shop())
    message = next(m for m in journey.driver.queue if m.task == "core.deliver")
    again = {"organization": str(release.organization_id), "release": str(release.id)}
    journey.driver.queue += [message, Message("pipelines.release_made", again, None, None)]
    journey.driver.until(lambda: len(rollouts(journey)) == 3, seconds=60)
    assert [row[0] for row in rollouts(journey)] == ["dev", "staging", "production"]
    assert release.version == "1.0.0"
