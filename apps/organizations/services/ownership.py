"""An organization always has an owner who can come in. Every door that could take the last one asks here first."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.audit.services import Audit, record
from apps.core.problems import Conflict, Forbidden, Invalid, NotFound
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.choices import Role
from apps.organizations.models import Membership, Organization, OwnershipTransfer, User

TRANSFER_DAYS = 7
LAST_OWNER = "The last owner cannot leave; make somebody else an owner first."


def lock_owners(organization_id: UUID) -> None:
    """Before any membership is locked. Who changes the owners does it one after the other, so that two who leave at
    once are not each other's reason to let them go. Not FOR UPDATE: that would hold up every insert of the tenant."""
    Organization.objects.select_for_update(no_key=True).get(id=organization_id)


def able_owners(organization_id: UUID) -> QuerySet[Membership]:
    """Those who can come in: not suspended, their account not shut."""
    rows: QuerySet[Membership] = Membership.objects.filter(
        organization_id=organization_id,
        role=Role.OWNER,
        suspended_at__isnull=True,
        user__is_active=True,
        user__is_service=False,
    )
    return rows


def check_an_owner_remains(membership: Membership) -> None:
    """Under `lock_owners`. Raises Conflict when nobody else is left."""
    if membership.role != Role.OWNER:
        return
    if not able_owners(membership.organization_id).exclude(id=membership.id).exists():
        raise Conflict(LAST_OWNER)


def check_may_be_shut_out(user: User) -> None:
    """For operators who shut an account: in system scope, in one transaction with the act. Raises Conflict."""
    owned = Membership.objects.filter(user_id=user.pk, role=Role.OWNER).order_by("organization_id")
    for membership in list(owned.select_related("organization")):
        lock_owners(membership.organization_id)
        if not able_owners(membership.organization_id).exclude(id=membership.id).exists():
            raise Conflict(
                f"{user} is the last owner of {membership.organization}; make somebody else one first."
            )


def open_transfer() -> OwnershipTransfer | None:
    rows = OwnershipTransfer.objects.select_related("giver__user", "taker__user")
    found: OwnershipTransfer | None = rows.filter(expires_at__gt=timezone.now()).first()
    return found


def offer_ownership(actor: Actor, membership_id: UUID, *, giver_becomes: str) -> OwnershipTransfer:
    """Nothing changes until the other confirms it. A newer offer takes the place of an older one."""
    authorize(actor, Right.MANAGE_OWNERS)
    if giver_becomes not in Role.values or giver_becomes == Role.OWNER:
        sentence = "Say which other role you take: admin, releaser, developer, auditor or viewer."
        raise Invalid(sentence, fields={"giver_becomes": sentence})
    with transaction.atomic():
        lock_owners(actor.organization_id)
        giver = Membership.objects.get(user_id=actor.user_id)
        taker = Membership.objects.select_related("user").filter(id=membership_id).first()
        if taker is None:
            raise NotFound("There is no such member.")
        if taker.id == giver.id or taker.role == Role.OWNER:
            raise Conflict(f"{taker.user} is an owner already.")
        _check_able(taker)
        OwnershipTransfer.objects.all().delete()
        offer: OwnershipTransfer = OwnershipTransfer.objects.create(
            organization_id=actor.organization_id,
            giver=giver,
            taker=taker,
            giver_becomes=giver_becomes,
            expires_at=timezone.now() + timedelta(days=TRANSFER_DAYS),
        )
        after = {"to": str(taker.user), "giver_becomes": giver_becomes}
        record(
            actor.by, audits=[Audit("ownership.offer", "person", str(taker.user), taker.user_id, after=after)]
        )
    return offer


def withdraw_ownership(actor: Actor) -> None:
    """By any owner, or declined by who was to be one."""
    with transaction.atomic():
        offer = _lock_offer(actor)
        if offer.taker.user_id != actor.user_id or actor.scopes is not None:
            authorize(actor, Right.MANAGE_OWNERS)
        taker = offer.taker.user
        offer.delete()
        record(actor.by, audits=[Audit("ownership.withdraw", "person", str(taker), taker.pk)])


def accept_ownership(actor: Actor) -> Membership:
    """By who was offered it, signed in. The giver takes the role they named, in the same transaction."""
    with transaction.atomic():
        offer = _lock_offer(actor)
        if offer.taker.user_id != actor.user_id or actor.scopes is not None:
            raise Forbidden("Only who was offered the ownership confirms it, signed in and not by a token.")
        taker, giver = offer.taker, offer.giver
        _check_able(taker)
        if giver.role != Role.OWNER or giver.suspended_at is not None or not giver.user.is_active:
            raise Conflict(f"{giver.user} is no owner any more, so there is nothing to take over.")
        before = {"owner": str(giver.user), "taker": taker.role}
        taker.role, giver.role = Role.OWNER, offer.giver_becomes
        taker.save(update_fields=["role"])
        giver.save(update_fields=["role"])
        offer.delete()
        after = {"owner": str(taker.user), "giver": giver.role}
        audit = Audit(
            "ownership.transfer", "person", str(taker.user), taker.user_id, before=before, after=after
        )
        record(actor.by, audits=[audit])
    return taker


def _check_able(taker: Membership) -> None:
    if taker.user.is_service:
        raise Conflict("A service account cannot be an owner.")
    if taker.suspended_at is not None or not taker.user.is_active:
        raise Conflict(f"{taker.user} is suspended and cannot be an owner.")


def _lock_offer(actor: Actor) -> OwnershipTransfer:
    lock_owners(actor.organization_id)
    offer = open_transfer()
    if offer is None:
        raise NotFound("Nobody is offered the ownership, or the offer has run out.")
    return offer
