"""A release's bundle and its rendered sets: rendered once per environment, sealed, never changed."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from apps.applications.models import Application
from apps.core.encryption import open_json, seal_json
from apps.core.problems import Invalid
from apps.environments.models import Environment
from apps.releases.models import Release, RenderedSet
from slipway import wiring
from slipway.engine.manifests import content_digest, fill_protocols
from slipway.engine.objects import Manifest
from slipway.ports.sources import BundleProblem

_BUNDLE = "release.sealed_bundle"
_DOCUMENTS = "rendered_set.sealed_documents"


def seal_bundle(bundle: Mapping[str, bytes]) -> bytes:
    return seal_json(
        {path: base64.b64encode(data).decode() for path, data in bundle.items()}, context=_BUNDLE
    )


def open_bundle(release: Release) -> dict[str, bytes]:
    sealed = open_json(bytes(release.sealed_bundle), context=_BUNDLE)
    return {path: base64.b64decode(data) for path, data in sealed.items()}


def render(
    application: Application, bundle: Mapping[str, bytes], environment: Environment
) -> tuple[Manifest, ...]:
    """Raises Invalid with file, line and column where there is one."""
    path = ""
    if application.source_kind == "kustomize":
        path = application.overlay_pattern.format(environment=environment.slug)
    try:
        documents = wiring.renderer(application.source_kind).render(bundle, path)
    except BundleProblem as problem:
        where = {"file": problem.file, "line": problem.line, "column": problem.column} if problem.file else {}
        raise Invalid(str(problem), fields={"bundle": str(problem)}, **where) from problem
    if not documents:
        raise Invalid(f"The bundle holds no objects for {environment.slug}.", fields={"bundle": "no objects"})
    return tuple(fill_protocols(document) for document in documents)


def store_rendered(
    release: Release, environment: Environment, documents: tuple[Manifest, ...]
) -> RenderedSet:
    made: RenderedSet = RenderedSet.objects.create(
        organization_id=release.organization_id,
        release=release,
        environment=environment,
        digest=content_digest(documents),
        object_count=len(documents),
        sealed_documents=seal_json(list(documents), context=_DOCUMENTS),
    )
    return made


def documents_for(release: Release, environment: Environment) -> tuple[Manifest, ...]:
    """As stored; an environment that is younger than the release is rendered from the stored bundle."""
    rendered = RenderedSet.objects.filter(release_id=release.id, environment_id=environment.id).first()
    if rendered is None:
        documents = render(release.application, open_bundle(release), environment)
        rendered = store_rendered(release, environment, documents)
    return _opened(rendered)


def read_documents(release: Release, environment: Environment) -> tuple[Manifest, ...]:
    """The same, for reading alone: what had to be rendered is not stored."""
    rendered = RenderedSet.objects.filter(release_id=release.id, environment_id=environment.id).first()
    if rendered is None:
        return render(release.application, open_bundle(release), environment)
    return _opened(rendered)


def _opened(rendered: RenderedSet) -> tuple[Manifest, ...]:
    opened: list[dict[str, Any]] = open_json(bytes(rendered.sealed_documents), context=_DOCUMENTS)
    return tuple(opened)
