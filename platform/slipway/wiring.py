"""The composition root: which adapter stands behind which port. Imports no app; heavy libraries load on first use."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from django.conf import settings

from slipway.ports.clusters import Clusters
from slipway.ports.sources import Bundle, Renderer


@lru_cache(maxsize=1)
def clusters() -> Clusters:
    from slipway.adapters.kubernetes import KubernetesClusters

    # Digests of Secret values are compared within one installation only; per-organization keys come on top in plans.
    redaction_key = hashlib.sha256(b"redaction:" + settings.ENCRYPTION_KEY).digest()
    return KubernetesClusters(networks=tuple(settings.CLUSTER_NETWORKS), redaction_key=redaction_key)


def renderer(source_kind: str) -> Renderer:
    from slipway.adapters.manifests import KustomizeRenderer, PlainRenderer

    return KustomizeRenderer() if source_kind == "kustomize" else PlainRenderer()


def read_archive(data: bytes) -> Bundle:
    """Raises BundleProblem."""
    from slipway.adapters.manifests import read_archive as read

    return read(data)
