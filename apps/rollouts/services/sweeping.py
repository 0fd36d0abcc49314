"""Whatever a crash, a lost message or a dead broker left behind is found here, by its due time in the database."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from apps.core import outbox, scopes
from apps.rollouts.models import Rollout
from apps.rollouts.services import waking

_GRACE = timedelta(seconds=1)
_AGAIN = timedelta(seconds=5)  # what was sent is sent again then, should nobody have looked
MONTHS_AHEAD = 3


def sweep() -> int:
    """Sends what is due: rollouts whose time has come and that nobody holds, and the outbox. Answers how many."""
    now = timezone.now()
    with scopes.system("find rollouts that are due"):
        due = list(
            Rollout.objects.filter(ended_at__isnull=True)
            .filter(Q(next_check_at__isnull=True) | Q(next_check_at__lt=now - _GRACE))
            .filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now))
            .order_by("next_check_at")
            .values_list("organization_id", "id", "abort_requested_at")[:1000]
        )
        # Workers that are behind would find the same message over and over otherwise.
        Rollout.objects.filter(id__in=[row[1] for row in due], ended_at__isnull=True).update(
            next_check_at=now + _AGAIN
        )
    for organization_id, rollout_id, abort in due:
        waking.send(organization_id, rollout_id, queue=waking.ABORT_QUEUE if abort else "")
    return len(due) + outbox.sweep()


def make_event_months() -> int:
    with scopes.system("months of events ahead"), connection.cursor() as cursor:
        cursor.execute("SELECT slipway_make_event_months(%s)", [MONTHS_AHEAD])
        return int(cursor.fetchone()[0])
