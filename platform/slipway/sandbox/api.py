"""One request to one answer: the verbs of the API over the store."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from slipway.sandbox import discovery, openapi, protobuf, tables
from slipway.sandbox.errors import ApiError, bad_request, no_such_path
from slipway.sandbox.established import Establisher
from slipway.sandbox.evicting import evict
from slipway.sandbox.kinds import Kinds
from slipway.sandbox.reading import Reader
from slipway.sandbox.removing import Remover
from slipway.sandbox.requests import Options, Target, options
from slipway.sandbox.routes import resource_target
from slipway.sandbox.scale import Scales
from slipway.sandbox.selectors import Matches, matcher
from slipway.sandbox.store import Manifest, Store
from slipway.sandbox.watching import Watches
from slipway.sandbox.writing import Writer

JSON = "application/json"
Logs = Callable[[Target, dict[str, str]], str]


@dataclass(slots=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", JSON).partition(";")[0].strip()

    @property
    def accept(self) -> str:
        return self.headers.get("accept", "")

    def decoded(self) -> Any:
        if not self.body.strip():
            return None
        if self.content_type == protobuf.CONTENT_TYPE:
            return protobuf.decode(self.body)
        if "cbor" in self.content_type:
            raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type")
        try:
            return json.loads(self.body)
        except ValueError:
            pass
        import yaml

        try:
            return yaml.safe_load(self.body)
        except yaml.YAMLError as error:
            raise bad_request(f"error decoding YAML: {error}") from error


@dataclass(slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = JSON
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Stream:
    """A watch: lines until it ends."""

    lines: AsyncIterator[bytes]


def as_json(value: Any, status: int = 200, content_type: str = JSON) -> Answer:
    return Answer(status, json.dumps(value, separators=(",", ":")).encode(), content_type)


class Api:
    def __init__(self, store: Store, *, address: str, logs: Logs) -> None:
        self.store = store
        self.kinds = Kinds(store)
        self.watches = Watches(store)
        self._establisher = Establisher(store)
        self._address = address
        self._logs = logs
        self._writer, self._reader, self._remover = Writer(store), Reader(store), Remover(store)
        self._scales = Scales(self._writer)
        self._documents = openapi.Documents(self.kinds)

    def answer(self, request: Request) -> Answer | Stream:
        path = request.path.rstrip("/") or "/"
        if path in ("/healthz", "/readyz", "/livez"):
            return Answer(200, b"ok", "text/plain")
        if found := self._document(path, request):
            return found
        if path.startswith("/apis/authorization.k8s.io/v1/"):
            return self._review(request)
        if not path.startswith(("/api/", "/apis/")) or path.count("/") < (
            3 if path.startswith("/api/") else 4
        ):
            raise no_such_path()
        target = resource_target(self.kinds, path)
        if target.subresource:
            return self._subresource(target, request)
        if target.name:
            return self._object(target, request)
        return self._collection(target, request)

    # -- documents about the API

    def _document(self, path: str, request: Request) -> Answer | None:
        if request.method != "GET":
            return None
        if path == "/version":
            return as_json(discovery.version())
        parts = path.split("/")[1:]
        if path in ("/api", "/apis") and discovery.AGGREGATED in request.accept and "v=v2;" in request.accept:
            kind = f"application/json;g=apidiscovery.k8s.io;v=v2;as={discovery.AGGREGATED}"
            return as_json(discovery.aggregated(self.kinds, core_group=path == "/api"), content_type=kind)
        if path == "/api":
            return as_json(discovery.core(self._address))
        if path == "/apis":
            return as_json(discovery.groups(self.kinds))
        found: dict[str, Any] | None = None
        if parts[0] == "apis" and len(parts) == 2:
            found = discovery.group(self.kinds, parts[1])
        elif parts[0] == "api" and len(parts) == 2:
            found = discovery.resources(self.kinds, "", parts[1])
        elif parts[0] == "apis" and len(parts) == 3:
            found = discovery.resources(self.kinds, parts[1], parts[2])
        elif parts[0] == "openapi":
            document = self._documents.get(path)
            return Answer(200, document) if document is not None else None
        return as_json(found) if found is not None else None

    def _review(self, request: Request) -> Answer:
        """There is one user here, and it may do everything."""
        if request.method != "POST" or not request.path.endswith("/selfsubjectaccessreviews"):
            raise no_such_path()
        kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {}}
        status = {"allowed": True, "reason": "the sandbox has no roles"}
        return as_json({**kind, "spec": {}, "status": status}, 201)

    # -- objects

    def _object(self, target: Target, request: Request) -> Answer:
        if request.method == "GET":
            return self._shown(self._reader.get(target), target, request)
        given = self._options(request)
        if request.method == "PUT":
            obj, created = self._writer.replace(target, request.decoded(), given)
        elif request.method == "PATCH":
            obj, created = self._writer.patch(target, request.decoded(), request.content_type, given)
        elif request.method == "DELETE":
            return as_json(self._remover.delete(target, request.decoded(), request.query, given))
        else:
            raise _not_allowed()
        return self._shown(obj, target, request, status=201 if created else 200, given=given)

    def _collection(self, target: Target, request: Request) -> Answer | Stream:
        query = request.query
        if request.method == "POST":
            if target.kind.namespaced and not target.namespace:
                raise _not_allowed()
            given = self._options(request)
            obj = self._writer.create(target, request.decoded(), given)
            return self._shown(obj, target, request, status=201, given=given)
        matches = matcher(target.kind.kind, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        if request.method == "DELETE":
            self._remover.delete_all(target, matches, request.decoded(), query, self._options(request))
            return as_json({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})
        if request.method != "GET":
            raise _not_allowed()
        if query.get("watch") in ("true", "1"):
            return Stream(self._watch(target, matches, request))
        limit = int(query.get("limit") or 0)
        listed = self._reader.list(target, matches, limit=limit, token=query.get("continue", ""))
        if tables.wanted(request.accept):
            return as_json(tables.of_list(listed, target, request.query))
        return as_json(listed)

    def _watch(self, target: Target, matches: Matches | None, request: Request) -> AsyncIterator[bytes]:
        as_table = tables.wanted(request.accept)

        def show(obj: Manifest) -> Manifest:
            return tables.of_object(obj, target, request.query) if as_table else obj

        return self.watches.watch(target, matches, request.query, show)

    def _shown(
        self,
        obj: Manifest,
        target: Target,
        request: Request,
        *,
        status: int = 200,
        given: Options | None = None,
    ) -> Answer:
        if tables.wanted(request.accept):
            return as_json(tables.of_object(obj, target, request.query), status)
        answer = as_json(obj, status)
        answer.warnings = given.warnings if given else []
        return answer

    def _subresource(self, target: Target, request: Request) -> Answer:
        kind, name, method = target.kind, target.subresource, request.method
        if name == "status" and kind.status and method in ("GET", "PUT", "PATCH"):
            return self._object(target, request)
        if name == "scale" and kind.scale:
            if method == "GET":
                return as_json(self._scales.get(target))
            if method in ("PUT", "PATCH"):
                patch = request.content_type if method == "PATCH" else None
                return as_json(self._scales.update(target, request.decoded(), patch, self._options(request)))
        if kind.key == ("", "Pod"):
            if name == "log" and method == "GET":
                self._reader.get(target)
                return Answer(200, self._logs(target, request.query).encode(), "text/plain")
            if name == "eviction" and method == "POST":
                pod = Target(kind, target.version, target.namespace, target.name)
                given = self._options(request)
                return as_json(evict(self.store, self._remover, pod, request.decoded(), given), 201)
            if name == "binding" and method == "POST":
                node = ((request.decoded() or {}).get("target") or {}).get("name", "")
                pod = Target(kind, target.version, target.namespace, target.name)
                self._writer.assign(pod, node)
                return as_json(
                    {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}, 201
                )
        if kind.key == ("", "Namespace") and name == "finalize" and method == "PUT":
            return as_json(self._writer.finalize(target, request.decoded()))
        raise no_such_path()

    def _options(self, request: Request) -> Options:
        return options(request.query, request.headers.get("user-agent", ""))


def _not_allowed() -> ApiError:
    return ApiError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
    )
