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


def verify(rows: Iterable[tuple[int, bytes, bytes, bytes]], *, head_number: int, head_hash: bytes) -> Verdict:
    """Rows are (number, canonical, previous hash, hash) in order; the head is what the last one must be."""
    expected, previous, count = 1, b"", 0
    for number, content, stored_previous, stored_hash in rows:
        if number != expected:
            return Verdict(count, expected, f"entry {expected} is missing")
        if stored_previous != previous:
            return Verdict(count, number, f"entry {number} does not follow the one before it")
        if link(previous, number, content) != stored_hash:
            return Verdict(count, number, f"entry {number} was changed")
        previous, expected, count = stored_hash, expected + 1, count + 1
    if count != head_number or previous != head_hash:
        return Verdict(count, expected, f"the chain ends at entry {count}, its head says {head_number}")
    return Verdict(count, None, f"{count} entries, unbroken")
