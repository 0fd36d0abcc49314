"""Secret values never enter the product by reading: each is replaced by a keyed digest as soon as it arrives."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
from typing import Any

from slipway.engine.objects import Manifest

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def redact(manifest: Manifest, key: bytes) -> Manifest:
    """The same object, its Secret values as `hmac-sha256:…` and without last-applied-configuration.

    `data` (base64) and `stringData` of equal content give equal digests, so what we send compares with what a
    server answers. Other kinds come back as they are but for last-applied-configuration.
    """
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    secret = manifest.get("kind") == "Secret" and manifest.get("apiVersion", "v1") == "v1"
    if not secret and _LAST_APPLIED not in annotations:
        return manifest
    clean = copy.deepcopy(manifest)
    if _LAST_APPLIED in annotations:
        clean["metadata"]["annotations"].pop(_LAST_APPLIED)
    if secret:
        values = {
            name: _digest(_decoded(value), key) for name, value in (clean.pop("data", None) or {}).items()
        }
        for name, value in (clean.pop("stringData", None) or {}).items():
            values[name] = _digest(str(value).encode("utf-8", "surrogatepass"), key)
        if values:
            clean["data"] = values
    return clean


def is_secret(manifest: Manifest) -> bool:
    return manifest.get("kind") == "Secret"


def _decoded(value: Any) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except ValueError:
        return str(value).encode("utf-8", "surrogatepass")


def _digest(value: bytes, key: bytes) -> str:
    return "hmac-sha256:" + hmac.new(key, value, hashlib.sha256).hexdigest()[:32]
