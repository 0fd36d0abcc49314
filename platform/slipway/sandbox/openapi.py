"""/openapi/v3: a document per group and version, out of the same schemas that drive merging.

kubectl reads them for `explain`, for the merge keys of a client-side apply, and to learn that this server
validates fields itself. /openapi/v2 is not served: kubectl falls back to v3 everywhere it matters.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from slipway.sandbox.kinds import Kind, Kinds
from slipway.sandbox.schemas import definitions

_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    for name in ("dryRun", "fieldManager", "fieldValidation", "pretty")
]


class Documents:
    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._built: dict[str, bytes] = {}
        self._revision = -1

    def get(self, path: str) -> bytes | None:
        if self._revision != self._kinds.revision:
            self._built.clear()
            self._revision = self._kinds.revision
        if path not in self._built:
            built = self._build(path)
            if built is None:
                return None
            self._built[path] = json.dumps(built, separators=(",", ":")).encode()
        return self._built[path]

    def _build(self, path: str) -> dict[str, Any] | None:
        groups = self._kinds.groups()
        names = {
            f"apis/{group}/{version}" if group else f"api/{version}": (group, version)
            for group, versions in groups.items()
            for version in versions
        }
        if path == "/openapi/v3":
            mark = hashlib.sha256(repr(sorted(names)).encode()).hexdigest()[:16] + str(self._revision)
            return {
                "paths": {
                    name: {"serverRelativeURL": f"/openapi/v3/{name}?hash={mark}"} for name in sorted(names)
                }
            }
        name = path.removeprefix("/openapi/v3/")
        return self._document(*names[name]) if name in names else None

    def _document(self, group: str, version: str) -> dict[str, Any]:
        served = [kind for kind in self._kinds.all() if kind.group == group and version in kind.versions]
        schemas: dict[str, Any] = {}
        paths: dict[str, Any] = {}
        for kind in served:
            name = _schema_name(kind, version)
            if kind.definition is None:
                _collect(name, schemas)
            else:
                schemas[name] = _custom_schema(kind, version)
                _collect("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", schemas)
            paths |= _paths(kind, version, name)
        return {
            "openapi": "3.0.0",
            "info": {"title": "Slipway sandbox", "version": "v1"},
            "paths": paths,
            "components": {"schemas": schemas},
        }


def _schema_name(kind: Kind, version: str) -> str:
    if kind.definition is None:
        return definitions().name_of(kind.group, version, kind.kind) or kind.kind
    return ".".join([*reversed(kind.group.split(".")), version, kind.kind])


def _collect(name: str, into: dict[str, Any]) -> None:
    """A schema with everything it refers to."""
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in into:
            continue
        into[current] = _rewritten(definitions().raw[current], waiting)


def _rewritten(raw: Any, found: list[str]) -> Any:
    if isinstance(raw, list):
        return [_rewritten(item, found) for item in raw]
    if not isinstance(raw, dict):
        return raw
    reference = raw.get("$ref")
    if isinstance(reference, str):  # a schema of schemas has a property of that name
        name = reference.rpartition("/")[2]
        found.append(name)
        link = {"$ref": f"#/components/schemas/{name}"}
        extra = {key: _rewritten(value, found) for key, value in raw.items() if key != "$ref"}
        return {"allOf": [link], **extra} if extra else link
    answer = {key: _rewritten(value, found) for key, value in raw.items()}
    kind = answer.get("type")
    if isinstance(kind, list):  # ["string", "null"] is JSON Schema; OpenAPI 3.0 knows one type
        answer["type"] = next(one for one in kind if one != "null")
    return answer


def _custom_schema(kind: Kind, version: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    for one in (kind.definition or {})["spec"]["versions"]:
        if one["name"] == version:
            schema = dict((one.get("schema") or {}).get("openAPIV3Schema") or schema)
    link = {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
    schema["properties"] = {
        **(schema.get("properties") or {}),
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"allOf": [link]},
    }
    gvk = {"group": kind.group, "version": version, "kind": kind.kind}
    return {**schema, "x-kubernetes-group-version-kind": [gvk]}


def _paths(kind: Kind, version: str, schema: str) -> dict[str, Any]:
    base = f"/apis/{kind.group}/{version}" if kind.group else f"/api/{version}"
    inside = "/namespaces/{namespace}" if kind.namespaced else ""
    gvk = {"group": kind.group, "version": version, "kind": kind.kind}
    link = {"$ref": f"#/components/schemas/{schema}"}
    answer = {"200": {"description": "OK", "content": {"application/json": {"schema": link}}}}

    def operation(action: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "parameters": parameters,
            "responses": answer,
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": gvk,
        }

    return {
        f"{base}{inside}/{kind.plural}": {
            "get": operation("list", []),
            "post": operation("post", _PARAMETERS),
        },
        f"{base}{inside}/{kind.plural}/{{name}}": {
            "get": operation("get", []),
            "put": operation("put", _PARAMETERS),
            "patch": operation("patch", _PARAMETERS),
            "delete": operation("delete", []),
        },
    }
