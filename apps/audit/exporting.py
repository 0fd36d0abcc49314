"""An export that can be checked without us: entries as they were hashed, the signatures among them, and a signature
under both of its ends. In pages, so that its size costs no memory; entries are never changed, so the pages agree."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.audit import chain
from apps.audit.models import AuditEntry, AuditSeal, OrganizationHead, SigningKey
from apps.audit.sealing import moment, seal_head, sign, signing_key
from apps.core import scopes

PAGE = 2000
FORMAT = "slipway-audit-1"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Export:
    organization_id: UUID
    slug: str
    first: int
    last: int
    made_at: datetime
    key: SigningKey


def begin(slug: str, *, first: int = 1, last: int | None = None) -> Export:
    """Inside the organization's scope: signs the head, so that what is exported ends with a signature."""
    organization_id = scopes.organization_id()
    head = OrganizationHead.objects.filter(organization_id=organization_id).first()
    newest = head.audit_number if head else 0
    seal_head()
    end = newest if last is None else min(last, newest)
    return Export(organization_id, slug, max(1, first), end, timezone.now(), signing_key())


def lines(export: Export) -> Iterator[Sequence[bytes]]:
    """JSON, a line each, in pages."""
    yield [_line(_header(export))]
    digest, after = b"", export.first - 1
    while after < export.last:
        with scopes.organization(export.organization_id):
            rows = _page(export, after)
            seals = {
                seal.number: seal
                for seal in AuditSeal.objects.filter(
                    organization_id=export.organization_id, number__gt=after, number__lte=rows[-1].number
                )
            }
        page = []
        for row in rows:
            page.append(
                _line(
                    {
                        "kind": "entry",
                        "number": row.number,
                        "content": bytes(row.canonical).decode(),
                        "hash": bytes(row.hash).hex(),
                    }
                )
            )
            if (seal := seals.get(row.number)) is not None:
                page.append(_line(_seal(seal)))
        yield page
        after, digest = rows[-1].number, bytes(rows[-1].hash)
    yield [_line(_footer(export, digest))]


def table(export: Export) -> Iterator[Sequence[bytes]]:
    """CSV for a spreadsheet, in pages. Not for checking: spreadsheets change what they open."""
    yield [
        _row(
            (
                "number",
                "at",
                "by",
                "by_kind",
                "channel",
                "address",
                "action",
                "object_kind",
                "object",
                "why",
                "hash",
            )
        )
    ]
    after = export.first - 1
    while after < export.last:
        with scopes.organization(export.organization_id):
            rows = _page(export, after)
        yield [
            _row(
                (
                    row.number,
                    moment(row.at),
                    row.actor_label,
                    row.actor_kind,
                    row.channel,
                    row.address,
                    row.action,
                    row.object_kind,
                    row.object_label,
                    row.why,
                    bytes(row.hash).hex(),
                )
            )
            for row in rows
        ]
        after = rows[-1].number


def _page(export: Export, after: int) -> list[AuditEntry]:
    rows = AuditEntry.objects.filter(
        organization_id=export.organization_id, number__gt=after, number__lte=export.last
    )
    found = list(rows.order_by("number")[:PAGE])
    if not found or found[0].number != after + 1:
        raise LookupError(f"Entry {after + 1} of the audit is missing; verify the chain.")
    return found


def _header(export: Export) -> dict[str, Any]:
    with scopes.organization(export.organization_id):
        before = AuditEntry.objects.filter(
            organization_id=export.organization_id, number=export.first - 1
        ).first()
    keys = {str(key.id): bytes(key.public).hex() for key in SigningKey.objects.all()}
    return {
        "kind": "header",
        "format": FORMAT,
        "organization": str(export.organization_id),
        "slug": export.slug,
        "from": export.first,
        "to": export.last,
        "previous_hash": bytes(before.hash).hex() if before else "",
        "made_at": moment(export.made_at),
        "keys": keys,
    }


def _seal(seal: AuditSeal) -> dict[str, Any]:
    return {
        "kind": "seal",
        "number": seal.number,
        "hash": bytes(seal.hash).hex(),
        "at": moment(seal.at),
        "key": str(seal.key_id),
        "signature": bytes(seal.signature).hex(),
    }


def _footer(export: Export, digest: bytes) -> dict[str, Any]:
    content = chain.export_content(
        str(export.organization_id),
        export.first,
        export.last,
        digest,
        moment(export.made_at),
        str(export.key.id),
    )
    return {"kind": "footer", "key": str(export.key.id), "signature": sign(export.key, content).hex()}


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _row(values: Sequence[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(value) for value in values])
    return text.getvalue().encode()


def _harmless(value: Any) -> Any:
    """What a spreadsheet would run as a formula is text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
