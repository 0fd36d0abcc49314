"""Encryption at rest (AES-256-GCM) and keyed digests. The key comes from the environment and is in no table."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import zlib
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_VERSION = b"\x01"


def encrypt(plain: bytes, *, context: str) -> bytes:
    """`context` (table.column) is authenticated: a value moved to another column does not decrypt."""
    nonce = os.urandom(12)
    return _VERSION + nonce + AESGCM(settings.ENCRYPTION_KEY).encrypt(nonce, plain, context.encode())


def decrypt(sealed: bytes, *, context: str) -> bytes:
    sealed = bytes(sealed)
    if sealed[:1] != _VERSION:
        raise ValueError("Not a value that this version encrypted.")
    return AESGCM(settings.ENCRYPTION_KEY).decrypt(sealed[1:13], sealed[13:], context.encode())


def seal_json(value: Any, *, context: str) -> bytes:
    """Canonical JSON, compressed, encrypted: rendered manifests can hold Secrets."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return encrypt(zlib.compress(text.encode(), 6), context=context)


def open_json(sealed: bytes, *, context: str) -> Any:
    return json.loads(zlib.decompress(decrypt(sealed, context=context)))


def organization_key(organization_id: UUID, purpose: str) -> bytes:
    """A key of one organization for one purpose: digests of equal secrets differ between tenants."""
    return hmac.new(settings.ENCRYPTION_KEY, f"{purpose}:{organization_id}".encode(), hashlib.sha256).digest()
