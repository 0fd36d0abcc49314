"""What surrounds every page: the organization, its size, and how much waits for whoever looks."""

from __future__ import annotations

from dataclasses import dataclass

from apps.applications.models import Application
from apps.audit.models import OrganizationHead
from apps.dashboard.pictures.waiting import decisions_count
from apps.dashboard.words import count
from apps.organizations.access import Actor, Right, decide
from apps.organizations.models import Organization


@dataclass(frozen=True, slots=True)
class Frame:
    organization: Organization
    size: str
    waiting: int
    head: int  # of the activity: what the page shows
    sees_audit: bool
    sees_settings: bool


def frame_of(actor: Actor) -> Frame:
    organization: Organization = Organization.objects.get(id=actor.organization_id)
    head = OrganizationHead.objects.filter(organization_id=actor.organization_id).first()
    return Frame(
        organization,
        count(Application.objects.count(), "application"),
        decisions_count(actor),
        head.activity_number if head else 0,
        decide(actor, Right.SEE_AUDIT).allowed,
        any(decide(actor, right).allowed for right in (Right.CONFIGURE, Right.MANAGE_PEOPLE)),
    )
