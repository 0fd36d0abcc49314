"""The API as it is spoken, for what the port has no words for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway.adapters.kubernetes.transport import Transport

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"

_BASES = {
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "jobs": "/apis/batch/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v1",
}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: dict[str, Any]

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))


@dataclass(frozen=True, slots=True)
class Raw:
    transport: Transport
    namespace: str

    def __call__(
        self,
        method: str,
        plural: str,
        name: str = "",
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """`name` may end in a subresource: `web/scale`."""
        path = f"{_BASES.get(plural, '/api/v1')}/namespaces/{self.namespace}/{plural}" + (
            f"/{name}" if name else ""
        )
        return self.at(method, path, body=body, query=query, content_type=content_type)

    def at(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        status, data = self.transport.call(method, path, body=body, query=query, content_type=content_type)
        try:
            return Answer(status, json.loads(data))
        except ValueError:
            return Answer(status, {"message": data.decode("utf-8", "replace")})
