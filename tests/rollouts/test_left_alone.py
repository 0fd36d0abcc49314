"""Every worker is down for longer than the deadline: what is well now is not judged by the time that nobody looked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.rollouts.models import Rollout
from tests.enduring.test_kills import Killed, revive
from tests.rollouts.driver import of
from tests.rollouts.journey import Journey, shop, worker


def leave_alone(journey: Journey, rollout: Rollout) -> None:
    revive(journey)
    with journey.scope():
        Rollout.objects.filter(id=rollout.id).update(deadline_at=timezone.now() - timedelta(minutes=5))


@pytest.mark.parametrize("last", ["Deployment.apps/{}/a", "Deployment.apps/{}/web"])
def test_a_rollout_that_was_left_half_written_goes_on_where_it_stood(journey: Journey, last: str) -> None:
    journey.deployed("1.0.0", shop(more=worker("a")))
    last = last.format(journey.namespace())

    def kill(method: str, what: str, writes: bool) -> None:
        if writes and what == last:
            journey.tap.after = lambda method, what, writes: None
            raise Killed

    journey.tap.after = kill
    rollout = journey.start(
        journey.release("1.1.0", shop("shop/web:2", more=worker("a", "shop/worker:2") + "---" + worker("b")))
    )
    with pytest.raises(Killed):
        journey.ended(rollout)
    assert of(rollout).phase == "progressing"
    leave_alone(journey, rollout)
    journey.succeeded(rollout)
    assert journey.image() == "shop/web:2"
    assert journey.differences() == []
