"""What the people who run the installation may do with a rollout that is stuck. Each act is in the organization's
audit, as an operator's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.problems import Conflict
from apps.organizations.access import Actor
from apps.organizations.choices import Role
from apps.organizations.models import User
from apps.rollouts.models import Rollout
from apps.rollouts.services import steering
from apps.rollouts.services.recording import label_of
from apps.rollouts.services.waking import wake
from slipway.ports.clusters import CALL_DEADLINE_SECONDS


@dataclass(frozen=True, slots=True)
class Operator(Actor):
    """Not of the organization; may what its owner may, and is written down as what they are."""

    @property
    def by(self) -> By:
        return operator(self.user_id, self.label, self.address)


def operator(user_id: UUID, label: str, address: str = "") -> By:
    return By("operator", label, user_id, channel="admin", address=address)


def look_again(user: User, organization_id: UUID, rollout_id: UUID) -> None:
    """Has it looked at now, whatever it waits for."""
    with scopes.organization(organization_id):
        rollout = _running(rollout_id)
        Rollout.objects.filter(id=rollout.id).update(next_check_at=timezone.now())
        _record(user, rollout, "rollout.look-again")
        wake(rollout)


def release_lease(user: User, organization_id: UUID, rollout_id: UUID) -> None:
    """Whoever holds it is fenced out at once; the next one takes it when a request that may still be under way on
    the cluster is over."""
    with scopes.organization(organization_id):
        rollout = _running(rollout_id)
        if rollout.leased_until is None:
            raise Conflict(f"Nobody holds #{rollout.number}.")
        over = timezone.now() + timedelta(seconds=CALL_DEADLINE_SECONDS)
        Rollout.objects.filter(id=rollout.id).update(
            fence=F("fence") + 1,
            leased_until=min(rollout.leased_until, over),
            next_check_at=over,
            woken=False,
        )
        _record(user, rollout, "rollout.release-lease")


def abort(user: User, organization_id: UUID, organization_slug: str, rollout_id: UUID) -> None:
    actor = Operator(user.pk, str(user), organization_id, organization_slug, Role.OWNER, channel="admin")
    with scopes.organization(organization_id):
        steering.abort(actor, rollout_id, why="Aborted by an operator of this installation.")


def _running(rollout_id: UUID) -> Rollout:
    rollout: Rollout = (
        Rollout.objects.select_for_update(no_key=True, of=("self",))
        .select_related("application", "environment", "release")
        .get(id=rollout_id)
    )
    if rollout.ended_at is not None:
        raise Conflict(f"#{rollout.number} is over ({rollout.phase}).")
    return rollout


def _record(user: User, rollout: Rollout, action: str) -> None:
    record(operator(user.pk, str(user)), audits=[Audit(action, "rollout", label_of(rollout), rollout.id)])
