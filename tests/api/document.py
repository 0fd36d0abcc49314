"""Holds answers to docs/openapi.yaml, so that the document cannot say one thing and the API another."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

PATH = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


def check_answer(method: str, path: str, status: int, content_type: str, body: Any) -> None:
    """An address that the document does not know is a problem in JSON, nothing else."""
    kind = content_type.partition(";")[0]
    if status == 204:
        assert body is None
        return
    operation = _operation(method, path.partition("?")[0])
    if status >= 400:
        assert kind == "application/problem+json", (status, content_type, body)
        assert {"type", "title", "status", "detail"} <= set(body), body
        assert body["status"] == status
        return
    assert operation is not None, f"{method} {path} answers {status} and is not in the document"
    answers = operation["responses"]
    assert str(status) in answers, f"{method} {path}: {status} is not in the document"
    schema = answers[str(status)]["content"][kind]["schema"]
    errors = [f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(body)]
    assert not errors, f"{method} {path} is not what the document says: {errors[:5]}"


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(PATH.read_text())
    return found


@lru_cache(maxsize=1)
def _as_json_schema() -> dict[str, Any]:
    """OpenAPI 3.0 says `nullable`, JSON Schema says null; and what a shape does not name is not answered."""
    converted: dict[str, Any] = _convert(document())
    return converted


def _convert(node: Any) -> Any:
    if isinstance(node, list):
        return [_convert(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    found = {name: _convert(value) for name, value in node.items() if name != "nullable"}
    if found.get("type") == "object" and isinstance(found.get("properties"), dict):
        found.setdefault("additionalProperties", False)
    if node.get("nullable") is True:
        return {"anyOf": [found, {"type": "null"}]}
    return found


@lru_cache(maxsize=1)
def _registry() -> Any:
    return Registry().with_resource("urn:api", Resource(_as_json_schema(), DRAFT202012))


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    def anchored(node: Any) -> Any:
        if isinstance(node, list):
            return [anchored(entry) for entry in node]
        if isinstance(node, dict):
            return {
                name: f"urn:api{value}" if name == "$ref" else anchored(value) for name, value in node.items()
            }
        return node

    return Draft202012Validator(anchored(_convert(schema)), registry=_registry())


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, pattern in _patterns():
        if pattern.fullmatch(path) and method.lower() in document()["paths"][template]:
            found: dict[str, Any] = document()["paths"][template][method.lower()]
            return found
    return None


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Plain addresses before those with holes: `audit/verify/` is no `{…}`."""
    templates = sorted(document()["paths"], key=lambda template: template.count("{"))
    return [(template, re.compile(re.sub(r"\{[^}]*\}", "[^/]+", template))) for template in templates]
