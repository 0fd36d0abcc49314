"""The audit as a file: to keep, to hand over, and to be checked without us."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Literal, TypedDict

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit import exporting
from apps.audit.models import SigningKey
from apps.audit.services import Audit, record
from apps.core.api.queries import read_query
from apps.organizations.access import Right, authorize
from apps.organizations.api.door import OrganizationView
from slipway.verifier import fingerprint

Pages = Iterator[Sequence[bytes]]
_TYPES = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}


class ExportQuery(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(["jsonl", "csv"], default="jsonl", help_text="Only jsonl can be verified.")
    first = serializers.IntegerField(required=False, default=1, min_value=1, max_value=2**62)
    last = serializers.IntegerField(required=False, min_value=1, max_value=2**62)


class KeyShape(TypedDict):
    id: str
    algorithm: Literal["Ed25519"]
    public: str
    fingerprint: str
    made_at: str
    retired_at: str | None


class AuditExport(OrganizationView):
    @extend_schema(
        parameters=[ExportQuery],
        responses={(200, "application/jsonl"): OpenApiTypes.BINARY, (200, "text/csv"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, organization: str) -> StreamingHttpResponse:
        """Everything from `first` to `last`, oldest first, streamed. The export itself is audited, and is in it."""
        authorize(self.actor, Right.SEE_AUDIT)
        query = read_query(ExportQuery, request)
        asked = {name: query[name] for name in ("kind", "first", "last") if name in query}
        record(
            self.actor.by,
            audits=[Audit("audit.export", "audit", organization, self.actor.organization_id, after=asked)],
        )
        export = exporting.begin(organization, first=query["first"], last=query.get("last"))
        pages = exporting.table(export) if query["kind"] == "csv" else exporting.lines(export)
        response = StreamingHttpResponse(_streamed(pages), content_type=_TYPES[query["kind"]])
        name = f"audit-{organization}-{export.first}-{export.last}.{query['kind']}"
        # Compressed, each page would be a gzip member of its own, of which many clients read the first and stop.
        response["Content-Encoding"] = "identity"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


class AuditKeys(OrganizationView):
    @extend_schema(responses=list[KeyShape])
    def get(self, request: Request, organization: str) -> Response:
        """The installation's public keys: note the fingerprint somewhere else, and exports can be held against it."""
        authorize(self.actor, Right.SEE_AUDIT)
        return Response([_key(key) for key in SigningKey.objects.order_by("-made_at")])


async def _streamed(pages: Pages) -> AsyncIterator[bytes]:
    """A page at a time on a thread that has a connection: memory stays that of one page."""
    while (page := await sync_to_async(_next, thread_sensitive=False)(pages)) is not None:
        yield b"".join(page)


def _next(pages: Pages) -> Sequence[bytes] | None:
    close_old_connections()
    try:
        return next(pages, None)
    finally:
        connections.close_all()


def _key(key: SigningKey) -> KeyShape:
    return {
        "id": str(key.id),
        "algorithm": "Ed25519",
        "public": bytes(key.public).hex(),
        "fingerprint": fingerprint(bytes(key.public)),
        "made_at": key.made_at.isoformat(),
        "retired_at": key.retired_at.isoformat() if key.retired_at else None,
    }
