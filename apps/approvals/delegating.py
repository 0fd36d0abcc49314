"""Deciding in somebody's place until a day. Whose voice it is must have the right; neither of the two may be left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.approvals.models import Delegation
from apps.audit.services import Audit, Happening, record
from apps.core.problems import Forbidden, Invalid, NotFound
from apps.organizations.access import OF_GRANT, Actor, Right, actor_of, authorize, scope_allows
from apps.organizations.models import Membership
from apps.organizations.standing import with_standing

LONGEST = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Stand:
    """One for whom the holder may decide now."""

    delegation_id: UUID
    giver: Actor
    ends_at: datetime


def delegate(actor: Actor, *, email: str, ends_at: datetime) -> Delegation:
    """One's own voice, to a member, until then. Another end replaces the first."""
    _check_has_a_voice(actor)
    now = timezone.now()
    wrong = {}
    holder = Membership.objects.select_related("user").filter(user__email=email.strip().lower()).first()
    if holder is None:
        wrong["email"] = "Nobody here has this address."
    elif holder.user_id == actor.user_id:
        wrong["email"] = "Name somebody else: you decide for yourself already."
    if not now < ends_at <= now + LONGEST:
        wrong["ends_at"] = f"An end within {LONGEST.days} days, please."
    if wrong or holder is None:
        raise Invalid(" ".join(wrong.values()), fields=wrong)
    with transaction.atomic():
        giver = Membership.objects.select_for_update(of=("self",)).get(user_id=actor.user_id)
        Delegation.objects.filter(giver=giver, holder=holder, ended_at__isnull=True).update(ended_at=now)
        made: Delegation = Delegation.objects.create(
            organization_id=actor.organization_id, giver=giver, holder=holder, created_at=now, ends_at=ends_at
        )
        _record(actor, "approval.delegate", "delegation.made", made, str(holder.user))
    return made


def take_back(actor: Actor, identifier: UUID) -> None:
    """By who gave it, at once."""
    _check_has_a_voice(actor)
    with transaction.atomic():
        found = (
            Delegation.objects.select_for_update(of=("self",))
            .filter(giver__user_id=actor.user_id, id=identifier, ended_at__isnull=True)
            .select_related("holder__user")
            .first()
        )
        if found is None:
            raise NotFound("There is no such delegation of yours.")
        found.ended_at = timezone.now()
        found.save(update_fields=["ended_at"])
        _record(actor, "approval.take-back-delegation", "delegation.ended", found, str(found.holder.user))


def stands_for(actor: Actor) -> list[Stand]:
    """For whom this person may decide now. Only the giver's own rights: what they hold for a third is not passed on."""
    rows = Delegation.objects.filter(
        holder__user_id=actor.user_id, ended_at__isnull=True, ends_at__gt=timezone.now()
    ).values_list("giver_id", "id", "ends_at")
    given = {giver: (identifier, ends_at) for giver, identifier, ends_at in rows}
    if not given:
        return []
    members = with_standing(
        Membership.objects.select_related("organization", "user").filter(
            id__in=list(given), user__is_active=True, suspended_at__isnull=True
        )
    ).order_by("user__email")
    return [
        Stand(given[member.id][0], actor_of(member, member.user, channel=actor.channel), given[member.id][1])
        for member in members
    ]


def giver_for(actor: Actor, giver: UUID) -> Actor:
    """Raises Forbidden where there is no delegation, or none any more; a token needs the scope of its own."""
    if not scope_allows(actor.scopes, Right.APPROVE):
        raise Forbidden("This token's scopes do not let it approve.")
    for stand in stands_for(actor):
        if stand.giver.user_id == giver:
            return stand.giver
    raise Forbidden("Nobody gave you this voice, or no longer.")


def _check_has_a_voice(actor: Actor) -> None:
    """Somewhere, by role or by grant: else there is nothing to give."""
    granted = any(Right.APPROVE in OF_GRANT[held.right] for held in actor.grants)
    if not (granted and scope_allows(actor.scopes, Right.APPROVE)):
        authorize(actor, Right.APPROVE)


def _record(actor: Actor, action: str, kind: str, row: Delegation, holder: str) -> None:
    after = {"to": holder, "until": row.ends_at.isoformat()}
    audit = Audit(action, "delegation", f"{actor.label} to {holder}", row.id, after=after)
    record(actor.by, audits=[audit], happenings=[Happening(kind, body={"label": holder})])
