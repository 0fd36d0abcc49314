"""From a release's stored manifests to what is sent to one target. Pure."""

from slipway.engine.manifests.digests import content_digest
from slipway.engine.manifests.images import ImageReference, images_of
from slipway.engine.manifests.marks import is_bare_namespace, with_attempt
from slipway.engine.manifests.ports import fill_protocols
from slipway.engine.manifests.prepare import (
    Hook,
    Layer,
    Prepared,
    PreparedObject,
    Problem,
    TargetContext,
    field_manager,
    owner_mark,
    prepare,
)

__all__ = [
    "Hook",
    "ImageReference",
    "Layer",
    "Prepared",
    "PreparedObject",
    "Problem",
    "TargetContext",
    "content_digest",
    "field_manager",
    "fill_protocols",
    "images_of",
    "is_bare_namespace",
    "owner_mark",
    "prepare",
    "with_attempt",
]
