from __future__ import annotations

from typing import Any

from django.db import transaction

from apps.applications.choices import SourceKind
from apps.applications.models import Application
from apps.audit.services import Audit, Happening, record
from apps.core.problems import Conflict, Invalid
from apps.core.revisions import check_revision
from apps.core.slugs import checked_slug
from apps.organizations.access import Actor, Right, authorize

_CHANGEABLE = ("name", "repository", "source_kind", "overlay_pattern", "ignore_rules", "require_digests")


def create_application(actor: Actor, *, slug: str, name: str = "", **settings: Any) -> Application:
    """`settings` are the changeable ones; see `change_application`."""
    authorize(actor, Right.CONFIGURE)
    checked_slug(slug)
    values = _checked({"name": name or slug, **settings})
    with transaction.atomic():
        if Application.objects.filter(slug=slug).exists():
            raise Conflict(f"There is an application called {slug} already.")
        application: Application = Application.objects.create(
            organization_id=actor.organization_id, slug=slug, **values
        )
        record(
            actor.by,
            audits=[Audit("application.create", "application", slug, application.id, after=values)],
            happenings=[
                Happening("application.created", application_id=application.id, body={"label": slug})
            ],
        )
    return application


def change_application(
    actor: Actor, application: Application, *, seen: int | None = None, **settings: Any
) -> Application:
    authorize(actor, Right.CONFIGURE)
    values = _checked(settings)
    with transaction.atomic():
        locked: Application = Application.objects.select_for_update().get(id=application.id)
        check_revision(locked, seen)
        before = {name: getattr(locked, name) for name in values}
        for name, value in values.items():
            setattr(locked, name, value)
        locked.revision += 1
        locked.save()
        audit = Audit(
            "application.change", "application", locked.slug, locked.id, before=before, after=values
        )
        record(actor.by, audits=[audit])
    return locked


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(settings) - set(_CHANGEABLE))
    if unknown:
        raise Invalid(f"An application has no setting called {unknown[0]}.", fields={unknown[0]: "unknown"})
    if settings.get("source_kind", SourceKind.PLAIN) not in SourceKind.values:
        raise Invalid("A source is either plain or kustomize.", fields={"source_kind": "plain or kustomize"})
    pattern = settings.get("overlay_pattern", "")
    if ".." in pattern or pattern.startswith("/"):
        raise Invalid("An overlay lies inside the bundle.", fields={"overlay_pattern": "inside the bundle"})
    return settings
