"""Types of the served API as trees, out of the JSON schemas that `kubernetes-validate` carries, and out of CRDs.

They drive everything that merges: which lists are maps by a key, which maps are replaced whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

VERSION = "1.34.0"

Shape = Literal["scalar", "struct", "map", "list", "any"]
Raw = Mapping[str, Any]

# The schemas carry no defaults, and a key field may be left out where the server has one for it.
KEY_DEFAULTS = {"protocol": "TCP"}

_SCALARS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "time",
}
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


class Type:
    """One node. Fields are built when they are first asked for: the schema is recursive."""

    __slots__ = (
        "_element",
        "_fields",
        "_make",
        "_raw",
        "builtin",
        "default",
        "enum",
        "format",
        "keys",
        "name",
        "patch_key",
        "patch_strategy",
        "preserve",
        "relationship",
        "required",
        "scalar",
        "shape",
    )

    def __init__(
        self, raw: Raw, make: Callable[[Raw], Type], name: str = "", *, builtin: bool = False
    ) -> None:
        self.name, self.builtin = name, builtin
        self._raw, self._make = raw, make
        self._fields: dict[str, Type] | None = None
        self._element: Type | None = None
        self.scalar = ""
        self.keys: tuple[str, ...] = ()
        self.required: tuple[str, ...] = tuple(raw.get("required") or ())
        self.default = raw.get("default")
        self.enum = raw.get("enum")
        self.format = raw.get("format", "")
        self.preserve = bool(raw.get("x-kubernetes-preserve-unknown-fields"))
        self.patch_key: str = raw.get("x-kubernetes-patch-merge-key", "")
        self.patch_strategy: tuple[str, ...] = tuple(
            filter(None, str(raw.get("x-kubernetes-patch-strategy", "")).split(","))
        )
        self.relationship = ""
        self.shape: Shape = self._shaped(raw)

    def _shaped(self, raw: Raw) -> Shape:
        kind = raw.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), None)
        if self.name in _SCALARS:
            self.scalar = _SCALARS[self.name]
            return "scalar"
        if raw.get("x-kubernetes-int-or-string"):
            self.scalar = "int-or-string"
            return "scalar"
        if kind in ("string", "integer", "number", "boolean"):
            self.scalar = kind
            return "scalar"
        if kind == "array":
            self._element = self._make(raw.get("items") or {})
            self.relationship = raw.get("x-kubernetes-list-type") or "atomic"
            self.keys = tuple(raw.get("x-kubernetes-list-map-keys") or ())
            return "list"
        if kind == "object" or "properties" in raw:
            self.relationship = raw.get("x-kubernetes-map-type") or "granular"
            if raw.get("properties"):
                return "struct"
            extra = raw.get("additionalProperties")
            if isinstance(extra, Mapping) and extra:
                self._element = self._make(extra)
                return "map"
        return "any"

    @property
    def element(self) -> Type:
        """Of a list's items or a map's values."""
        return self._element if self._element is not None else ANY

    @property
    def fields(self) -> dict[str, Type]:
        if self._fields is None:
            properties = self._raw.get("properties") or {}
            self._fields = {name: self._make(raw) for name, raw in properties.items()}
        return self._fields

    def child(self, name: str) -> Type | None:
        """The type of one key; None where the schema does not know it."""
        if self.shape == "struct":
            found = self.fields.get(name)
            return found if found is not None else (ANY if self.preserve else None)
        return self._element if self.shape == "map" else ANY

    @property
    def atomic(self) -> bool:
        return self.relationship == "atomic"


ANY: Type = Type({}, lambda raw: ANY)


class Definitions:
    """The built-in kinds of one version."""

    def __init__(self, version: str = VERSION) -> None:
        folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}-local"
        self.raw: dict[str, Raw] = json.loads((folder / "_definitions.json").read_bytes())["$defs"]
        self._types: dict[str, Type] = {}
        self._names: dict[tuple[str, str, str], str] = {}
        for name, raw in self.raw.items():
            for gvk in raw.get("x-kubernetes-group-version-kind") or ():
                self._names.setdefault((gvk["group"], gvk["version"], gvk["kind"]), name)

    def name_of(self, group: str, version: str, kind: str) -> str | None:
        return self._names.get((group, version, kind))

    def kind(self, group: str, version: str, kind: str) -> Type | None:
        name = self.name_of(group, version, kind)
        return self.named(name) if name else None

    def named(self, name: str) -> Type:
        if name not in self._types:
            self._types[name] = Type(self.raw[name], self._make, name, builtin=True)
        return self._types[name]

    def _make(self, raw: Raw) -> Type:
        reference = raw.get("$ref")
        if not reference:
            return Type(raw, self._make, builtin=True)
        name = reference.rpartition("/")[2]
        extra = {key: value for key, value in raw.items() if key not in ("$ref", "description")}
        if not extra:
            return self.named(name)
        return Type({**self.raw[name], **extra}, self._make, name, builtin=True)


@cache
def definitions() -> Definitions:
    return Definitions()


def custom(schema: Raw) -> Type:
    """A custom resource's type: its CRD's schema, with the metadata every object has."""
    builtin = definitions()

    def make(raw: Raw) -> Type:
        return Type(raw, make)

    properties = dict(schema.get("properties") or {})
    top = Type({**schema, "type": "object", "properties": {"apiVersion": {}, **properties}}, make)
    top.fields["metadata"] = builtin.named(OBJECT_META)
    for name in ("apiVersion", "kind"):
        top.fields[name] = Type({"type": "string"}, make)
    return top
