from __future__ import annotations

from django.db.models import QuerySet

from apps.applications.models import Application
from apps.core.problems import NotFound
from apps.organizations.access import Actor, Right, authorize
from apps.releases.models import Release


def releases_of(actor: Actor) -> QuerySet[Release]:
    """Newest first."""
    authorize(actor, Right.SEE)
    rows: QuerySet[Release] = Release.objects.filter(organization_id=actor.organization_id)
    return rows.select_related("application").order_by("-created_at", "-id")


def access_release_by_version(actor: Actor, application: Application, version: str) -> Release:
    """By version, or by number written `#12`."""
    rows = releases_of(actor).filter(application_id=application.id)
    release = (
        rows.filter(number=int(version[1:]))
        if version.startswith("#") and version[1:].isdecimal() and len(version) < 11
        else rows.filter(version=version)
    ).first()
    if release is None:
        raise NotFound(f"{application.slug} has no release {version}.")
    return release
