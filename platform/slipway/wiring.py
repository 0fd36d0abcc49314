"""The composition root: which adapter stands behind which port. Imports no app; heavy libraries load on first use."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from slipway.engine.objects import Manifest
from slipway.ports.clusters import Clusters
from slipway.ports.names import TextRecords
from slipway.ports.sources import Bundle, Renderer
from slipway.ports.web import Documents

if TYPE_CHECKING:
    import requests


@lru_cache(maxsize=1)
def clusters() -> Clusters:
    from slipway.adapters.kubernetes import KubernetesClusters

    return KubernetesClusters(networks=tuple(settings.CLUSTER_NETWORKS), redaction_key=_redaction_key())


def redact(manifest: Manifest) -> Manifest:
    """As a cluster would be read: a Secret's values as digests, equal where the values are."""
    from slipway.adapters.kubernetes import redact as read

    return read(manifest, _redaction_key())


def _redaction_key() -> bytes:
    # Digests of Secret values are compared within one installation only; per-organization keys come on top in plans.
    return hashlib.sha256(b"redaction:" + settings.ENCRYPTION_KEY).digest()


def renderer(source_kind: str) -> Renderer:
    from slipway.adapters.manifests import KustomizeRenderer, PlainRenderer

    return KustomizeRenderer() if source_kind == "kustomize" else PlainRenderer()


def read_archive(data: bytes) -> Bundle:
    """Raises BundleProblem."""
    from slipway.adapters.manifests import read_archive as read

    return read(data)


def documents() -> Documents:
    """Of identity providers, at addresses that somebody typed in."""
    from slipway.adapters.web import GuardedDocuments

    return GuardedDocuments(settings.SIGN_IN_NETWORKS)


def guarded_session() -> requests.Session:
    """The same guard, in the shape that allauth asks for."""
    from slipway.adapters.web import GuardedSession

    return GuardedSession(settings.SIGN_IN_NETWORKS)


def text_records() -> TextRecords:
    from slipway.adapters.names import ResolverTextRecords

    return ResolverTextRecords()
