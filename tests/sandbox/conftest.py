"""The sandbox's API without a socket: requests go straight to what the server calls."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from slipway.sandbox.api import Answer, Api, Request, Stream
from slipway.sandbox.errors import ApiError
from slipway.sandbox.store import Manifest, Store

APPLY = "application/apply-patch+yaml"
NAMESPACE = "shop"


@dataclass(frozen=True, slots=True)
class Client:
    api: Api

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        **query: str,
    ) -> tuple[int, Any]:
        """Status and decoded answer; a refusal comes as its Status."""
        answer = self.raw(method, path, body, content_type=content_type, accept=accept, **query)
        return answer.status, json.loads(answer.body)

    def raw(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        **query: str,
    ) -> Answer:
        headers = {"content-type": content_type, "accept": accept, "user-agent": "tests/1"}
        data = b"" if body is None else json.dumps(body).encode()
        try:
            answer = self.api.answer(Request(method, path, query, headers, data))
        except ApiError as error:
            return Answer(error.code, json.dumps(error.status()).encode())
        assert isinstance(answer, Answer)
        return answer

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Manifest:
        status, answer = self.call(method, path, body, **more)
        assert status in (200, 201), answer
        return dict(answer)

    def apply(self, path: str, body: Manifest, manager: str = "one", **query: str) -> Manifest:
        return self.ok("PATCH", path, body, content_type=APPLY, fieldManager=manager, **query)

    def lines(self, path: str, **query: str) -> AsyncIterator[bytes]:
        headers = {"accept": "application/json"}
        answer = self.api.answer(Request("GET", path, {"watch": "true", **query}, headers))
        assert isinstance(answer, Stream)
        return answer.lines


@pytest.fixture
def client() -> Client:
    made = Client(Api(Store(None), address="sandbox", logs=lambda target, query: "a line\n"))
    made.ok("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    return made


def deployment(name: str = "web", **spec: Any) -> Manifest:
    labels = {"app": name}
    container = {"name": "web", "image": "nginx:1.25"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            **spec,
        },
    }


def config_map(name: str = "settings", **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def path_of(obj: Manifest, *, named: bool = True) -> str:
    plurals = {"Deployment": "deployments", "ConfigMap": "configmaps", "Service": "services", "Job": "jobs"}
    version = obj["apiVersion"]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    collection = f"{base}/namespaces/{NAMESPACE}/{plurals[obj['kind']]}"
    return f"{collection}/{obj['metadata']['name']}" if named else collection
