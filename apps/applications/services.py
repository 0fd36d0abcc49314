from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.applications.choices import SourceKind
from apps.applications.labels import checked_labels
from apps.applications.models import Application, ApplicationLabel
from apps.audit.services import Audit, Happening, record
from apps.core.problems import Conflict, Invalid
from apps.core.revisions import check_revision
from apps.core.slugs import checked_slug
from apps.organizations.access import Actor, Right, authorize

_CHANGEABLE = ("name", "repository", "source_kind", "overlay_pattern", "ignore_rules", "require_digests")


def create_application(
    actor: Actor, *, slug: str, name: str = "", labels: Mapping[str, str] | None = None, **settings: Any
) -> Application:
    """`settings` are the changeable ones; see `change_application`."""
    authorize(actor, Right.CONFIGURE)
    checked_slug(slug)
    values = _checked({"name": name or slug, **settings})
    wanted = checked_labels(labels or {})
    with transaction.atomic():
        if Application.objects.filter(slug=slug).exists():
            raise Conflict(f"There is an application called {slug} already.")
        application: Application = Application.objects.create(
            organization_id=actor.organization_id, slug=slug, **values
        )
        _label(application, wanted)
        after = {**values, "labels": wanted} if wanted else values
        record(
            actor.by,
            audits=[Audit("application.create", "application", slug, application.id, after=after)],
            happenings=[
                Happening("application.created", application_id=application.id, body={"label": slug})
            ],
        )
    return application


def change_application(
    actor: Actor,
    application: Application,
    *,
    seen: int | None = None,
    labels: Mapping[str, str] | None = None,
    **settings: Any,
) -> Application:
    """`labels`, when given, are all that it has from now on."""
    authorize(actor, Right.CONFIGURE, application_id=application.id)
    values = _checked(settings)
    wanted = None if labels is None else checked_labels(labels)
    with transaction.atomic():
        locked: Application = Application.objects.select_for_update().get(id=application.id)
        check_revision(locked, seen)
        before = {name: getattr(locked, name) for name in values}
        for name, value in values.items():
            setattr(locked, name, value)
        locked.revision += 1
        locked.save()
        after = dict(values)
        if wanted is not None and wanted != (had := locked.labels):
            _label(locked, wanted)
            before["labels"], after["labels"] = had, wanted
        audit = Audit("application.change", "application", locked.slug, locked.id, before=before, after=after)
        record(actor.by, audits=[audit])
    return locked


def _label(application: Application, wanted: Mapping[str, str]) -> None:
    ApplicationLabel.objects.filter(application_id=application.id).delete()
    ApplicationLabel.objects.bulk_create(
        ApplicationLabel(
            organization_id=application.organization_id, application=application, key=key, value=value
        )
        for key, value in wanted.items()
    )


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
