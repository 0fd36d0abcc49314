"""At most one worker advances a rollout. A fencing number makes a worker that lost its lease unable to write.

Order of locks, everywhere: target, then rollout, then the organization's head. All are `no_key`, since a row that
refers to a target (an inventory item, a rollout) takes a key-share lock on it, which a full lock would refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from apps.core import scopes
from apps.environments.models import Target
from apps.rollouts.models import Rollout
from slipway.ports.clusters import CALL_DEADLINE_SECONDS

LEASE = timedelta(seconds=15)
_MARGIN = timedelta(seconds=2 * CALL_DEADLINE_SECONDS)  # no request starts with less of the lease left


class FencedOut(Exception):
    """Another worker has the rollout, or it ended. What this one was about to write is dropped."""


@dataclass(frozen=True, slots=True)
class Lease:
    organization_id: UUID
    rollout_id: UUID
    target_id: UUID
    fence: int
    until: datetime

    def has_time(self) -> bool:
        """For one more request to the cluster."""
        return timezone.now() + _MARGIN < self.until


def acquire(organization_id: UUID, rollout_id: UUID, *, timer: datetime | None = None) -> Lease | None:
    """None: somebody else has it (and is told to look again when done), or it ended.

    A `timer` that is no longer the one the rollout waits for was overtaken by another look, and finds nothing to do;
    without that each wake-up would leave one more chain of timers behind.
    """
    now = timezone.now()
    until = now + LEASE
    with scopes.organization(organization_id):
        rows = Rollout.objects.filter(id=rollout_id, organization_id=organization_id, ended_at__isnull=True)
        if timer is not None:
            rows = rows.filter(next_check_at=timer)
        won = rows.filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now)).update(
            fence=F("fence") + 1, leased_until=until, woken=False
        )
        if not won:
            rows.update(woken=True)
            return None
        fence, target_id = rows.model.objects.values_list("fence", "target_id").get(id=rollout_id)
    return Lease(organization_id, rollout_id, target_id, fence, until)


def renew(lease: Lease) -> Lease:
    """Raises FencedOut."""
    until = timezone.now() + LEASE
    with scopes.organization(lease.organization_id):
        if not _held(lease).update(leased_until=until):
            raise FencedOut
    return Lease(lease.organization_id, lease.rollout_id, lease.target_id, lease.fence, until)


def release(lease: Lease) -> bool:
    """True when somebody knocked meanwhile, so that the rollout is to be looked at again."""
    with scopes.organization(lease.organization_id):
        # Locked first: who knocks between a reading and a clearing would be heard by nobody.
        woken = _held(lease).select_for_update(no_key=True).values_list("woken", flat=True).first()
        _held(lease).update(leased_until=None)
    return bool(woken)


def lock_under(lease: Lease) -> Rollout:
    """The row, locked, inside the caller's transaction. Raises FencedOut."""
    rollout = (
        Rollout.objects.select_for_update(no_key=True).filter(id=lease.rollout_id, fence=lease.fence).first()
    )
    if rollout is None or rollout.ended_at is not None or rollout.leased_until is None:
        raise FencedOut
    found: Rollout = rollout
    return found


def lock_both(lease: Lease) -> Rollout:
    """The rollout with its target and cluster at hand. The target is locked first: so does a start on it."""
    target = (
        Target.objects.select_for_update(no_key=True, of=("self",))
        .select_related("cluster")
        .get(id=lease.target_id)
    )
    rollout = lock_under(lease)
    rollout.target = target
    return rollout


def _held(lease: Lease):  # type: ignore[no-untyped-def]  # django-stubs cannot name a filtered TenantQuerySet
    return Rollout.objects.filter(
        id=lease.rollout_id,
        organization_id=lease.organization_id,
        fence=lease.fence,
        leased_until__isnull=False,
    )
