"""A walk over a whole chain: every hash, every column that people read, every signature."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from apps.audit import chain
from apps.audit.models import AuditEntry, OrganizationHead
from apps.audit.sealing import checked_seals
from apps.core import scopes

_COLUMNS = (
    "number", "canonical", "previous_hash", "hash", "at", "action", "why", "actor_kind", "actor_id", "actor_label",
    "channel", "address", "object_kind", "object_id", "object_label",
)  # fmt: skip


def verify_chain() -> chain.Verdict:
    """Of the organization whose scope this is, from the first entry to the head."""
    organization_id = scopes.organization_id()
    head = OrganizationHead.objects.filter(organization_id=organization_id).first()
    seals, forged = checked_seals(organization_id)
    verdict = chain.verify(
        _rows(),
        head_number=head.audit_number if head else 0,
        head_hash=bytes(head.audit_hash) if head else b"",
        seals=seals,
    )
    if verdict.sound and forged is not None:
        return chain.Verdict(
            verdict.entries, forged, f"the signature at entry {forged} was made by no key of ours"
        )
    return verdict


def _rows() -> Iterator[tuple[int, bytes, bytes, bytes]]:
    """By tuples: a model instance for each of a million rows takes longer than all the hashing."""
    rows = (
        AuditEntry.objects.filter(organization_id=scopes.organization_id())
        .order_by("number")
        .values_list(*_COLUMNS)
        .iterator(chunk_size=5000)
    )
    for number, content, previous, digest, *shown in rows:
        yield number, _hashed_bytes(number, bytes(content), shown), bytes(previous), bytes(digest)


def _hashed_bytes(number: int, content: bytes, shown: list[Any]) -> bytes:
    """Nothing where the columns that people read say other than the bytes that were hashed: no hash fits that."""
    at, action, why, kind, actor, label, channel, address, thing_kind, thing_id, thing_label = shown
    try:
        said = json.loads(content)
        by, thing = said["by"], said["object"]
        same = (
            said["number"] == number
            and said["at"] == at.isoformat()
            and said["action"] == action
            and said["why"] == why
            and by["kind"] == kind
            and by["id"] == (str(actor) if actor else None)
            and by["label"] == label
            and by["channel"] == channel
            and by["address"] == address
            and thing["kind"] == thing_kind
            and thing["id"] == (str(thing_id) if thing_id else None)
            and thing["label"][:300] == thing_label
        )
    except (ValueError, KeyError, TypeError):
        return b""
    return content if same else b""
