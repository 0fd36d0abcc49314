"""The hash chain over an organization's audit entries. Pure: bytes in, bytes out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Stored as they are hashed; jsonb would reorder and reformat."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def link(previous_hash: bytes, number: int, content: bytes) -> bytes:
    return hashlib.sha256(previous_hash + number.to_bytes(8, "big") + content).digest()


@dataclass(frozen=True, slots=True)
class Verdict:
    entries: int
    first_bad: int | None  # the number of the first entry that is wrong or missing
    sentence: str

    @property
    def sound(self) -> bool:
        return self.first_bad is None


def verify(
    rows: Iterable[tuple[int, bytes, bytes, bytes]],
    *,
    head_number: int,
    head_hash: bytes,
    seals: Mapping[int, bytes] | None = None,
) -> Verdict:
    """Rows are (number, canonical, previous hash, hash) in order; the head is what the last one must be.

    `seals`: number → the hash that was signed there. Whoever rewrites a whole chain cannot sign it again.
    """
    expected, previous, count = 1, b"", 0
    sealed = dict(seals or {})
    for number, content, stored_previous, stored_hash in rows:
        if number != expected:
            return Verdict(count, expected, f"entry {expected} is missing")
        if stored_previous != previous:
            return Verdict(count, number, f"entry {number} does not follow the one before it")
        if link(previous, number, content) != stored_hash:
            return Verdict(count, number, f"entry {number} was changed")
        if (signed := sealed.pop(number, None)) is not None and signed != stored_hash:
            return Verdict(count, number, f"entry {number} is not the one that was signed")
        previous, expected, count = stored_hash, expected + 1, count + 1
    if sealed:
        return Verdict(
            count, expected, f"the chain ends at entry {count}; a signature speaks of {max(sealed)}"
        )
    if count != head_number or previous != head_hash:
        return Verdict(count, expected, f"the chain ends at entry {count}, its head says {head_number}")
    return Verdict(count, None, f"{count} entries, unbroken")


def seal_content(organization: str, number: int, digest: bytes, at: str, key: str) -> bytes:
    """What is signed of a chain that ends at `number`."""
    return b"slipway audit seal 1\n" + canonical(
        {"organization": organization, "number": number, "hash": digest.hex(), "at": at, "key": key}
    )


def export_content(organization: str, first: int, last: int, digest: bytes, made_at: str, key: str) -> bytes:
    """What is signed of an export: its two ends, so that a shorter one cannot pass for it."""
    return b"slipway audit export 1\n" + canonical(
        {
            "organization": organization,
            "from": first,
            "to": last,
            "hash": digest.hex(),
            "at": made_at,
            "key": key,
        }
    )
