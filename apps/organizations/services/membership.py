"""Who belongs to an organization: their role, suspended, removed, or gone by themselves."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.problems import Forbidden, Invalid, NotFound
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.choices import Role
from apps.organizations.models import ApiToken, Membership, Organization, User
from apps.organizations.services.more_than_oneself import check_role_within
from apps.organizations.services.ownership import check_an_owner_remains, lock_owners


def add_member(by: By, organization: Organization, user: User, role: Role) -> Membership:
    with scopes.organization(organization.id):
        membership, made = Membership.objects.get_or_create(
            organization_id=organization.id, user=user, defaults={"role": role}
        )
        if made:
            after = {"person": str(user), "role": str(role)}
            record(
                by,
                audits=[Audit("member.add", "organization", organization.name, organization.id, after=after)],
            )
    found: Membership = membership
    return found


def change_role(actor: Actor, membership_id: UUID, *, role: str) -> Membership:
    if role not in Role.values:
        raise Invalid(f"A role is one of {', '.join(Role.values)}.", fields={"role": "unknown role"})
    with transaction.atomic():
        membership = _lock(actor.organization_id, membership_id)
        authorize(actor, _right_over(membership, role))
        if membership.user_id == actor.user_id:  # an admin would give themselves what a grant is for
            raise Forbidden("Somebody else changes your role.")
        if membership.user.is_service:
            check_role_within(actor, role)
        if role != Role.OWNER:
            check_an_owner_remains(membership)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        audit = Audit(
            "member.role", "person", str(membership.user), membership.user_id, before=before, after=role
        )
        record(actor.by, audits=[audit])
    return membership


def suspend_member(actor: Actor, membership_id: UUID, *, why: str = "") -> Membership:
    """Role, teams, grants and tokens are kept, and open nothing: sockets and tokens are dead within seconds."""
    with transaction.atomic():
        membership = _lock(actor.organization_id, membership_id)
        authorize(actor, _right_over(membership))
        if membership.user_id == actor.user_id:
            raise Forbidden("Somebody else suspends you; you may leave instead.")
        return suspend(actor.by, membership, why=why)


def restore_member(actor: Actor, membership_id: UUID) -> Membership:
    with transaction.atomic():
        membership = _lock(actor.organization_id, membership_id)
        authorize(actor, _right_over(membership))
        return restore(actor.by, membership)


def suspend(by: By, membership: Membership, *, why: str = "") -> Membership:
    """Of a membership under `lock_owners`; also for provisioning, which acts for no member."""
    check_an_owner_remains(membership)
    if membership.suspended_at is None:
        membership.suspended_at, membership.suspended_by_label = timezone.now(), by.label
        membership.save(update_fields=["suspended_at", "suspended_by_label"])
        user = membership.user
        record(by, audits=[Audit("member.suspend", "person", str(user), user.pk, why=why[:4000])])
    return membership


def restore(by: By, membership: Membership) -> Membership:
    if membership.suspended_at is not None:
        membership.suspended_at, membership.suspended_by_label = None, ""
        membership.save(update_fields=["suspended_at", "suspended_by_label"])
        record(by, audits=[Audit("member.restore", "person", str(membership.user), membership.user_id)])
    return membership


def remove_member(actor: Actor, membership_id: UUID) -> None:
    """Their sockets and tokens of this organization are dead within seconds. Oneself: leaves."""
    with transaction.atomic():
        membership = _lock(actor.organization_id, membership_id)
        oneself = membership.user_id == actor.user_id and actor.scopes is None
        if not oneself:
            authorize(actor, _right_over(membership))
        end_membership(actor.by, membership, action="member.leave" if oneself else "member.remove")


def leave(actor: Actor) -> None:
    """By oneself, signed in."""
    if actor.scopes is not None:
        raise Forbidden("A token does not leave for its person; sign in.")
    remove_member(actor, Membership.objects.values_list("id", flat=True).get(user_id=actor.user_id))


def end_membership(by: By, membership: Membership, *, action: str = "member.remove") -> None:
    """Of a membership under `lock_owners`; its teams and grants go with it, a service account with its only one."""
    check_an_owner_remains(membership)
    user = membership.user
    ApiToken.objects.filter(user_id=user.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
    membership.delete()
    if user.is_service:
        User.objects.filter(id=user.pk).update(is_active=False)
    record(by, audits=[Audit(action, "person", str(user), user.pk)])


def _right_over(membership: Membership, role: str = "") -> Right:
    return Right.MANAGE_OWNERS if Role.OWNER in {role, membership.role} else Right.MANAGE_PEOPLE


def _lock(organization_id: UUID, identifier: UUID) -> Membership:
    lock_owners(organization_id)
    membership: Membership | None = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(id=identifier)
        .first()
    )
    if membership is None:
        raise NotFound("There is no such member.")
    return membership
