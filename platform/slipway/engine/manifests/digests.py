"""Digests over canonical JSON: key order and white space never matter."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from slipway.engine.objects import Manifest


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_digest(documents: Sequence[Manifest]) -> str:
    """Order of documents does not matter either: they are applied in an order of our own."""
    parts = sorted(canonical(document) for document in documents)
    return "sha256:" + hashlib.sha256(b"\n".join(parts)).hexdigest()


def short_suffix(manifest: Manifest, *, secret_key: bytes) -> str:
    """Ten characters over what a pod would see of a ConfigMap or Secret; a Secret's are keyed, so that the name
    of one tells nothing of its content."""
    seen = canonical(
        {name: manifest[name] for name in ("data", "binaryData", "stringData", "type") if name in manifest}
    )
    if manifest.get("kind") == "Secret":
        return hmac.new(secret_key, seen, hashlib.sha256).hexdigest()[:10]
    return hashlib.sha256(seen).hexdigest()[:10]
