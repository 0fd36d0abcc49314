from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from slipway.engine.objects import ObjectKey
from tests.people import People
from tests.watcher.conftest import Shop, make_rollout

pytestmark = pytest.mark.django_db

WEB = ObjectKey("apps", "Deployment", "shop", "web")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    from apps.rollouts.services import waking

    found: list[Any] = []
    monkeypatch.setattr(
        waking, "send", lambda organization, rollout, queue="", at=None: found.append((rollout, queue))
    )
    return found


@pytest.fixture
def waiting(people: People) -> Shop:
    return make_rollout(people)


def notice(shop: Shop, **facts: Any) -> int:
    from apps.rollouts.services.watching import noticed

    return noticed(shop.organization_id, shop.cluster.id, {WEB}, targets=[shop.target.id], **facts)


def test_an_active_rollout_is_woken_and_one_to_be_aborted_by_the_quick_lane(
    waiting: Shop, sent: list[Any]
) -> None:
    waiting.set_rollout(phase="progressing")
    assert notice(waiting, edited=set()) == 1
    waiting.set_rollout(abort_requested_at=timezone.now())
    assert notice(waiting, edited=set()) == 1
    assert sent == [(waiting.rollout.id, ""), (waiting.rollout.id, "abort")]


def test_a_waiting_one_is_planned_again_when_an_object_was_changed_and_not_for_its_status(
    waiting: Shop, sent: list[Any]
) -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    waiting.set_rollout(phase="waiting", plan_digest="sha256:a", plan_wanted=False, planned_at=long_ago)
    assert notice(waiting, edited=set()) == 0
    assert waiting.set_rollout().plan_wanted is False
    assert notice(waiting, edited={WEB}) == 1
    assert waiting.set_rollout().plan_wanted is True
    assert sent == [(waiting.rollout.id, "")]


def test_it_is_planned_again_at_most_every_ten_seconds(waiting: Shop, sent: list[Any]) -> None:
    planned_at = timezone.now() - timedelta(seconds=4)
    later = timezone.now() + timedelta(hours=1)
    waiting.set_rollout(
        phase="waiting", plan_digest="sha256:a", plan_wanted=False, planned_at=planned_at, next_check_at=later
    )
    assert notice(waiting, edited={WEB}) == 0
    row = waiting.set_rollout()
    assert row.plan_wanted is True
    assert row.next_check_at == planned_at + timedelta(seconds=10)
    assert sent == []


def test_other_targets_other_organizations_and_ended_rollouts_are_left_alone(
    waiting: Shop, people: People, sent: list[Any]
) -> None:
    from apps.rollouts.services.watching import noticed

    waiting.set_rollout(phase="progressing")
    assert noticed(people.globex.id, waiting.cluster.id, {WEB}, targets=[waiting.target.id]) == 0
    assert noticed(waiting.organization_id, waiting.target.id, {WEB}, targets=[waiting.target.id]) == 0
    assert (
        noticed(waiting.organization_id, waiting.cluster.id, {WEB}) == 0
    )  # nothing of ours stands there yet
    waiting.set_rollout(phase="succeeded", ended_at=timezone.now())
    assert notice(waiting, edited={WEB}) == 0
    assert sent == []


def test_what_is_followed_is_what_stands_there_what_is_planned_and_where(waiting: Shop) -> None:
    from apps.core import scopes
    from apps.rollouts.models import InventoryItem, PlanRecord
    from slipway.watcher.interests import InterestReader

    reader = InterestReader()
    cluster, target, organization = waiting.cluster.id, waiting.target.id, waiting.organization_id
    found = reader.read([cluster])[cluster]
    assert (found.keys, found.targets, found.namespaces) == ({}, {target}, {"shop"})

    planned = ObjectKey("", "Service", "other", "web")
    with scopes.organization(organization):
        body = {"plan": {"objects": [{"key": str(planned)}]}, "steps": []}
        PlanRecord.objects.create(
            organization_id=organization, rollout=waiting.rollout, number=1, digest="sha256:a", body=body
        )
        InventoryItem.objects.create(
            organization_id=organization,
            target=waiting.target,
            key=str(WEB),
            uid="u",
            rollout_id=waiting.rollout.id,
        )
    waiting.set_rollout(plan_number=1)
    fresh = InterestReader().read([cluster])[cluster]
    assert fresh.keys == {planned: target, WEB: target}
    assert fresh.namespaces == {"shop", "other"}
    assert planned in reader.read([cluster])[cluster].keys
    assert reader.read([target]) == {}
