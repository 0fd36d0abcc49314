"""What operators see first, what they may do with what is stuck, and that a longer list asks no more often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from apps.core import scopes
from tests.people import PASSWORD, People, actor
from tests.tenancy.world import World, make_world, token


@pytest.fixture
def world(people: People, valkey: str) -> World:
    return make_world(people)


@pytest.fixture
def operator(people: People) -> Client:
    from apps.organizations.models import User

    User.objects.create_superuser("op@slipway.example", PASSWORD, name="Op")
    client = Client()
    assert client.login(email="op@slipway.example", password=PASSWORD)
    return client


def message(world: World, **fields: Any) -> Any:
    from apps.core.models import OutboxMessage

    organization_id = world.people.acme.id
    with scopes.organization(organization_id):
        return OutboxMessage.objects.create(
            organization_id=organization_id,
            task="rollouts.advance",
            arguments={"rollout": str(world.rollout.id)},
            **{"not_before": timezone.now() + timedelta(hours=2), **fields},
        )


def act(operator: Client, row: Any, action: str, **more: str) -> str:
    body = {"action": action, "_selected_action": [str(row.pk)], **more}
    answer = operator.post("/operator/core/outboxmessage/", body, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def last_entry(people: People) -> Any:
    from apps.audit.models import AuditEntry

    with scopes.organization(people.acme.id):
        return AuditEntry.objects.order_by("-number")[0]


def test_the_first_page_groups_by_what_one_looks_for_and_every_page_is_in_a_group(
    operator: Client, world: World
) -> None:
    content = operator.get("/operator/").content.decode()
    titles = ["Organizations and people", "Places", "Rollouts", "Releases", "Machinery", "History"]
    places = [content.index(f">{title}</h2>") for title in titles]
    assert places == sorted(places)
    assert ">Others</h2>" not in content
    for model in admin.site._registry:
        assert f'href="/operator/{model._meta.app_label}/{model._meta.model_name}/"' in content, model


def test_the_first_page_says_in_numbers_what_may_need_somebody(operator: Client, world: World) -> None:
    from apps.rollouts.models import Rollout

    late = timezone.now() - timedelta(minutes=10)
    with scopes.organization(world.people.acme.id):
        Rollout.objects.filter(id=world.rollout.id).update(next_check_at=late)
    message(world, not_before=late)
    content = " ".join(operator.get("/operator/").content.decode().split())
    assert "<b>1</b><span>Stuck rollouts</span>" in content
    assert "<b>1</b><span>Late tasks</span>" in content
    assert "<b>0</b><span>Targets that need a person</span>" in content
    stuck = operator.get("/operator/rollouts/rollout/?stuck=yes").content.decode()
    assert str(world.rollout.id) in stuck
    with scopes.organization(world.people.acme.id):
        Rollout.objects.filter(id=world.rollout.id).update(next_check_at=timezone.now())
    assert str(world.rollout.id) not in operator.get("/operator/rollouts/rollout/?stuck=yes").content.decode()
    for path in (
        "/operator/environments/target/?needs_person_since__isempty=0",
        "/operator/clusters/cluster/?reachability__in=unreachable,refused",
        "/operator/core/outboxmessage/?late=yes",
    ):
        assert operator.get(path).status_code == 200, path


def test_a_task_is_sent_again_at_once_and_it_is_written_down(operator: Client, world: World) -> None:
    from apps.core.models import OutboxMessage

    row = message(world)
    assert "Rollouts.advance: done." in act(operator, row, "send_again")
    with scopes.organization(world.people.acme.id):
        assert OutboxMessage.objects.get(id=row.id).not_before <= timezone.now()
    entry = last_entry(world.people)
    assert (entry.action, entry.actor_label, entry.channel, entry.object_label) == (
        "outbox.retry",
        "Op",
        "admin",
        "rollouts.advance",
    )


def test_a_task_is_given_up_only_after_it_was_said_what_that_means(operator: Client, world: World) -> None:
    from apps.core.models import OutboxMessage

    row = message(world)
    asked = act(operator, row, "give_up")
    assert "These are not carried out any more." in asked
    with scopes.organization(world.people.acme.id):
        assert OutboxMessage.objects.filter(id=row.id).exists()
    assert "Rollouts.advance: done." in act(operator, row, "give_up", confirmed="yes")
    with scopes.organization(world.people.acme.id):
        assert not OutboxMessage.objects.filter(id=row.id).exists()
    assert last_entry(world.people).action == "outbox.give-up"


def test_an_operator_who_may_only_look_is_offered_no_act(world: World) -> None:
    from django.contrib.auth.models import Permission

    from apps.organizations.models import User

    user = User.objects.create_user("look@slipway.example", PASSWORD, name="Look", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    row = message(world)
    for path in ("/operator/core/outboxmessage/", "/operator/rollouts/rollout/"):
        content = client.get(path).content.decode()
        assert 'name="action"' not in content, path
    client.post(
        "/operator/core/outboxmessage/",
        {"action": "give_up", "_selected_action": [str(row.pk)], "confirmed": "yes"},
    )
    from apps.core.models import OutboxMessage

    with scopes.organization(world.people.acme.id):
        assert OutboxMessage.objects.filter(id=row.id).exists()


def test_the_installations_ticks_can_be_read_and_not_changed(operator: Client, world: World) -> None:
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    every = IntervalSchedule.objects.create(every=2, period="seconds")
    tick = PeriodicTask.objects.create(name="sweep", task="rollouts.sweep", interval=every)
    content = operator.get("/operator/django_celery_beat/periodictask/").content.decode()
    assert "every 2 seconds" in content
    assert operator.get(f"/operator/django_celery_beat/periodictask/{tick.pk}/change/").status_code == 200
    assert operator.get("/operator/django_celery_beat/periodictask/add/").status_code == 403
    assert operator.post(f"/operator/django_celery_beat/periodictask/{tick.pk}/delete/").status_code == 403
    assert operator.get("/operator/django_celery_beat/intervalschedule/").status_code == 404


def test_a_longer_list_asks_no_more_often(operator: Client, world: World) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.people import make_application, make_cluster, make_environment, make_release
    from tests.tenancy.world import MANIFESTS

    def asked() -> dict[str, int]:
        found = {}
        for model in admin.site._registry:
            path = f"/operator/{model._meta.app_label}/{model._meta.model_name}/"
            with CaptureQueriesContext(connection) as queries:
                assert operator.get(path).status_code == 200
            found[path] = len(queries)
        return found

    asked()  # content types and the like are read once
    before = asked()
    ana = actor(world.people.ana, world.people.acme)
    for number in range(4):
        make_environment(ana, f"more-{number}", [make_cluster(ana)])
    for number in range(4):
        application = make_application(ana, slug=f"more-{number}")
        make_release(
            ana, application, "1", MANIFESTS, commits=[{"sha": f"{number}" * 40, "message": "X-1 more"}]
        )
        token(world.people.ana, world.people.acme)
        message(world)
    assert asked() == before
