"""Marks that depend on what stands live: they are set at create and sent back as they are for an object's life."""

from __future__ import annotations

from slipway.engine.manifests.prepare import ATTEMPT, PreparedObject
from slipway.engine.objects import Manifest


def with_attempt(manifest: Manifest, attempt: str | None) -> Manifest:
    """The same manifest, marked with what made the object; None takes the mark away."""
    metadata = manifest["metadata"]
    annotations = {
        name: value for name, value in (metadata.get("annotations") or {}).items() if name != ATTEMPT
    }
    if attempt:
        annotations[ATTEMPT] = attempt
    if annotations == (metadata.get("annotations") or {}):
        return manifest
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def is_bare_namespace(item: PreparedObject) -> bool:
    """The target's namespace that we made because it was missing: it is nobody's to own or prune."""
    return item.key.kind == "Namespace" and "annotations" not in item.manifest["metadata"]
