"""The installation-wide ticks that beat sends. Tenants' own schedules are rows of ours, never beat's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

_PREFIX = "slipway: "


@dataclass(frozen=True, slots=True)
class Tick:
    name: str
    task: str
    every: int
    period: str
    expires_seconds: (
        int  # beat goes on while no worker runs: what it sent meanwhile is not done a hundred times
    )


TICKS = (
    Tick("find what is due", "rollouts.sweep", 2, IntervalSchedule.SECONDS, 4),
    Tick("make the next months' partitions", "rollouts.make_event_months", 1, IntervalSchedule.DAYS, 43_200),
    Tick("forget old idempotency keys", "core.forget_keys", 1, IntervalSchedule.DAYS, 43_200),
    Tick("forget old failures to sign in", "organizations.forget_failures", 1, IntervalSchedule.DAYS, 43_200),
    Tick("sign the ends of the audit chains", "audit.seal_heads", 600, IntervalSchedule.SECONDS, 600),
    Tick("ask every cluster", "clusters.check_all", 60, IntervalSchedule.SECONDS, 60),
)


class Command(BaseCommand):
    help = "Makes the rows from which beat sends its ticks. Changes nothing when they are as they should be."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            changed = [tick.name for tick in TICKS if _ensure(tick)]
            names = [f"{_PREFIX}{tick.name}" for tick in TICKS]
            gone, _ = PeriodicTask.objects.filter(name__startswith=_PREFIX).exclude(name__in=names).delete()
            if changed or gone:
                PeriodicTasks.update_changed()  # a beat that runs reads them again
        self.stdout.write(f"Schedule: {len(TICKS)} ticks, {len(changed)} written, {gone} removed.")


def _ensure(tick: Tick) -> bool:
    """An operator who switched a tick off finds it off still."""
    interval = IntervalSchedule.objects.filter(every=tick.every, period=tick.period).first()
    interval = interval or IntervalSchedule.objects.create(every=tick.every, period=tick.period)
    wanted = {"task": tick.task, "interval_id": interval.pk, "expire_seconds": tick.expires_seconds}
    found = PeriodicTask.objects.filter(name=f"{_PREFIX}{tick.name}").first()
    if found is None:
        PeriodicTask.objects.create(name=f"{_PREFIX}{tick.name}", **wanted)
        return True
    if all(getattr(found, field) == value for field, value in wanted.items()):
        return False
    for field, value in wanted.items():
        setattr(found, field, value)
    found.save()
    return True
