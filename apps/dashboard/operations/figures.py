"""The installation's figures for Prometheus: read when asked, in system scope, one short query each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import structlog
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from apps.core import scopes
from apps.core.models import OutboxMessage
from apps.core.ticks import seconds_since
from apps.dashboard.operations.parts import SWEEP
from apps.environments.models import Target
from apps.live.hub import sockets_of_this_process
from apps.live.logs import logs_of_this_process
from apps.rollouts.models import Rollout
from slipway.engine.phases import ACTIVE, QUEUED

log = structlog.get_logger(__name__)


class Figures(Collector):
    def describe(self) -> Iterable[Metric]:
        """Nothing is read when it is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "slipway_sockets", "Live views open in this process.", value=sockets_of_this_process()
        )
        yield GaugeMetricFamily(
            "slipway_logs_followed", "Logs that this process is reading.", value=logs_of_this_process()
        )
        try:
            found = [*_of_database(), *_of_cache()]
        except Exception as error:  # noqa: BLE001  the process's own figures are still worth having
            log.warning("figures_missing", error=type(error).__name__)
            found = [GaugeMetricFamily("slipway_figures_missing", "The database or Valkey is away.", value=1)]
        yield from found


def _of_database() -> Iterator[Metric]:
    now = timezone.now()
    with scopes.system("figures for Prometheus"):
        running = Rollout.objects.filter(ended_at__isnull=True)
        by_phase = dict(running.values_list("phase").annotate(count=Count("id")))
        oldest = running.filter(next_check_at__lt=now).aggregate(oldest=Min("next_check_at"))["oldest"]
        waiting, due = OutboxMessage.objects.aggregate(count=Count("id"), due=Min("not_before")).values()
        marked = Target.objects.filter(needs_person_since__isnull=False, removed_at__isnull=True).count()
    rollouts = GaugeMetricFamily("slipway_rollouts", "Rollouts that have not ended.", labels=["phase"])
    for phase in QUEUED | ACTIVE:
        rollouts.add_metric([str(phase)], by_phase.get(str(phase), 0))
    yield rollouts
    yield GaugeMetricFamily(
        "slipway_rollout_overdue_seconds",
        "How long the longest overdue rollout waits to be looked at; 0: none does.",
        value=(now - oldest).total_seconds() if oldest else 0,
    )
    yield GaugeMetricFamily(
        "slipway_outbox_messages", "Tasks that are promised and not done yet.", value=waiting
    )
    yield GaugeMetricFamily(
        "slipway_outbox_overdue_seconds",
        "How long the sweeper has had the oldest of them; 0: none is due.",
        value=max(0.0, (now - due).total_seconds()) if due else 0,
    )
    yield GaugeMetricFamily(
        "slipway_targets_needing_a_person", "Targets where nothing automatic starts.", value=marked
    )


def _of_cache() -> Iterator[Metric]:
    since = seconds_since(SWEEP)
    if since is not None:
        yield GaugeMetricFamily(
            "slipway_seconds_since_sweep", "Since beat and a worker last did their tick.", value=since
        )
