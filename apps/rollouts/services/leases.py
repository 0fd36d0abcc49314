"""At most one worker advances a rollout. A fencing number makes a worker that lost its lease unable to write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from apps.core import scopes
from apps.rollouts.models import Rollout
from slipway.ports.clusters import CALL_DEADLINE_SECONDS

LEASE = timedelta(seconds=20)
_MARGIN = timedelta(seconds=2 * CALL_DEADLINE_SECONDS)  # no request starts with less of the lease left


class FencedOut(Exception):
    """Another worker has the rollout, or it ended. What this one was about to write is dropped."""


@dataclass(frozen=True, slots=True)
class Lease:
    organization_id: UUID
    rollout_id: UUID
    fence: int
    until: datetime

    def has_time(self) -> bool:
        """For one more request to the cluster."""
        return timezone.now() + _MARGIN < self.until


def acquire(organization_id: UUID, rollout_id: UUID) -> Lease | None:
    """None: somebody else has it (and is told to look again when done), or it ended."""
    now = timezone.now()
    until = now + LEASE
    with scopes.organization(organization_id):
        rows = Rollout.objects.filter(id=rollout_id, organization_id=organization_id, ended_at__isnull=True)
        won = rows.filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now)).update(
            fence=F("fence") + 1, leased_until=until, woken=False
        )
        if not won:
            rows.update(woken=True)
            return None
        fence = rows.values_list("fence", flat=True).get()
    return Lease(organization_id, rollout_id, fence, until)


def renew(lease: Lease) -> Lease:
    """Raises FencedOut."""
    until = timezone.now() + LEASE
    with scopes.organization(lease.organization_id):
        if not _held(lease).update(leased_until=until):
            raise FencedOut
    return Lease(lease.organization_id, lease.rollout_id, lease.fence, until)


def release(lease: Lease) -> bool:
    """True when somebody knocked meanwhile, so that the rollout is to be looked at again."""
    with scopes.organization(lease.organization_id):
        woken = _held(lease).values_list("woken", flat=True).first()
        _held(lease).update(leased_until=None)
    return bool(woken)


def _held(lease: Lease):  # type: ignore[no-untyped-def]  # django-stubs cannot name a filtered TenantQuerySet
    return Rollout.objects.filter(
        id=lease.rollout_id,
        organization_id=lease.organization_id,
        fence=lease.fence,
        leased_until__isnull=False,
    )


def lock_under(lease: Lease) -> Rollout:
    """The row, locked, inside the caller's transaction. Raises FencedOut."""
    rollout = Rollout.objects.select_for_update().filter(id=lease.rollout_id, fence=lease.fence).first()
    if rollout is None or rollout.ended_at is not None or rollout.leased_until is None:
        raise FencedOut
    found: Rollout = rollout
    return found
