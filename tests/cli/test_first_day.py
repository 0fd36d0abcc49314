from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def run(command: str, **options: Any) -> str:
    output = StringIO()
    call_command(command, stdout=output, **options)
    return output.getvalue()


def test_the_ticks_are_made_once_and_name_tasks_that_a_worker_knows() -> None:
    from celery import current_app
    from django_celery_beat.models import PeriodicTask

    assert "6 written" in run("ensure_schedule")
    assert "0 written" in run("ensure_schedule")
    rows = {row.task: (row.interval.every, row.interval.period) for row in PeriodicTask.objects.all()}
    assert rows == {
        "rollouts.sweep": (2, "seconds"),
        "rollouts.make_event_months": (1, "days"),
        "core.forget_keys": (1, "days"),
        "organizations.forget_failures": (1, "days"),
        "audit.seal_heads": (600, "seconds"),
        "clusters.check_all": (60, "seconds"),
    }
    current_app.loader.import_default_modules()
    assert set(rows) <= set(current_app.tasks)


def test_a_tick_that_was_switched_off_stays_off_and_one_that_is_no_more_goes() -> None:
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    run("ensure_schedule")
    PeriodicTask.objects.filter(task="rollouts.sweep").update(enabled=False)
    interval = IntervalSchedule.objects.create(every=9, period="minutes")
    PeriodicTask.objects.create(name="slipway: of an older version", task="gone", interval=interval)
    PeriodicTask.objects.create(name="an operator's own", task="theirs", interval=interval)
    assert "0 written, 1 removed" in run("ensure_schedule")
    assert PeriodicTask.objects.get(task="rollouts.sweep").enabled is False
    assert PeriodicTask.objects.filter(task="theirs").exists()


def test_init_prints_a_link_that_makes_the_first_owner_and_then_no_other() -> None:
    from apps.core import scopes
    from apps.organizations.models import Membership
    from apps.organizations.services import accept_invitation

    run("init", email="first@acme.example", organization="acme", name="Acme")
    text = run("init", email="first@acme.example")  # the first link was lost
    found = re.search(r"/invitations/([\w-]+)/", text)
    assert found is not None
    accept_invitation(found[1], password="a long enough pass phrase", name="First")
    with scopes.system("the test looks"):
        rows = list(Membership.objects.values_list("user__email", "role", "organization__slug"))
    assert rows == [("first@acme.example", "owner", "acme")]
    with pytest.raises(CommandError, match="has people already"):
        run("init", email="second@acme.example")


def test_init_refuses_what_is_no_address() -> None:
    with pytest.raises(CommandError, match="no e-mail address"):
        run("init", email="nobody")
