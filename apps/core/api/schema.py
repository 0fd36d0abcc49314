"""The OpenAPI document from the code's own types: answers are TypedDicts, so mypy holds what the document says."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import resolve_type_hint
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import OpenApiParameter

from apps.core.api.problems import CONTENT_TYPE, ProblemShape

_WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True)
class PageOf:
    """`{"items": [shape], "next": cursor or null}`."""

    shape: type


class TypedDictExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # its __init_subclass__
    @classmethod
    def _matches(cls, target: Any) -> bool:
        return isinstance(target, PageOf) or typing.is_typeddict(target)

    def get_name(self, auto_schema: AutoSchema, direction: str) -> str:
        if isinstance(self.target, PageOf):
            return f"{_name(self.target.shape)}Page"
        return _name(self.target)

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        if isinstance(self.target, PageOf):
            hints: dict[str, Any] = {"items": list[self.target.shape], "next": str | None}  # type: ignore[name-defined]  # built at run time
        else:
            hints = typing.get_type_hints(self.target)
        return {
            "type": "object",
            "properties": {name: _schema_of(hint, auto_schema, direction) for name, hint in hints.items()},
            "required": sorted(getattr(self.target, "__required_keys__", hints)),
        }


class Schema(AutoSchema):
    """Every operation says how it refuses; writes take an Idempotency-Key."""

    def get_operation_id(self) -> str:
        """`getRolloutList`: by the view's name, which says what it is and is there once."""
        return f"{self.method.lower()}{type(self.view).__name__}"

    def get_tags(self) -> list[str]:
        """The resource: the last one that the path names, whatever it is nested in."""
        names = {tag["name"] for tag in spectacular_settings.TAGS}
        return [next(part for part in reversed(self.path.split("/")) if part in names)]

    def get_override_parameters(self) -> list[Any]:
        if self.method not in _WRITES or not getattr(self.view, "opens_scope", False):
            return []
        return [
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description="The same key, address and body get the first answer again, and nothing is done twice.",
            )
        ]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        refusal = self.resolve_serializer(ProblemShape, direction)  # type: ignore[arg-type]  # by the extension
        bodies["default"] = {
            "description": "Refused, and why (RFC 9457).",
            "content": {CONTENT_TYPE: {"schema": refusal.ref}},
        }
        return bodies


IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description='The revision you have seen, as in ETag: "3". Another one in force answers 412.',
)


def _name(shape: type) -> str:
    return shape.__name__.removesuffix("Shape")


def _schema_of(hint: Any, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
    """As `resolve_type_hint`, but nested shapes become components of their own."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if typing.is_typeddict(hint):
        reference: dict[str, Any] = auto_schema.resolve_serializer(hint, direction).ref  # type: ignore[arg-type]  # same
        return reference
    if origin is list:
        return {"type": "array", "items": _schema_of(arguments[0], auto_schema, direction)}
    if origin in {typing.Union, types.UnionType} and len(arguments) == 2 and arguments[1] is type(None):
        inner = _schema_of(arguments[0], auto_schema, direction)
        return {"allOf": [inner], "nullable": True} if "$ref" in inner else {**inner, "nullable": True}
    if origin is dict and arguments[1] is not Any:
        return {
            "type": "object",
            "additionalProperties": _schema_of(arguments[1], auto_schema, direction),
        }
    if hint is Any:
        return {}
    if hint == dict[str, Any]:
        return {"type": "object", "additionalProperties": {}}
    resolved: dict[str, Any] = resolve_type_hint(hint)  # type: ignore[no-untyped-call]  # no types of its own
    return resolved
