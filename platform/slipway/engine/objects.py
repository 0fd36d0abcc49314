"""Kubernetes objects as plain data, and the one identity that the whole product uses for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]
"""One object as JSON: what a file says, what is sent, what a server answers."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Which object. The version is left out: `apps/v1` and `apps/v1beta1` name the same Deployment."""

    group: str  # "" for the core group
    kind: str
    namespace: str  # "" for cluster-scoped kinds
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> ObjectKey:
        metadata = manifest.get("metadata") or {}
        group, _, version = str(manifest.get("apiVersion", "")).rpartition("/")
        del version
        return cls(
            group, str(manifest.get("kind", "")), metadata.get("namespace") or "", metadata.get("name", "")
        )

    @classmethod
    def parse(cls, text: str) -> ObjectKey:
        """The inverse of `str`: `Deployment.apps/shop/web`, `Namespace//shop`."""
        kind_group, namespace, name = text.split("/", 2)
        kind, _, group = kind_group.partition(".")
        return cls(group, kind, namespace, name)

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return f"{kind}/{self.namespace}/{self.name}"

    @property
    def label(self) -> str:
        """As a person reads it: `Deployment web`."""
        return f"{self.kind} {self.name}"


def uid_of(live: Mapping[str, Any]) -> str:
    return str((live.get("metadata") or {}).get("uid", ""))


def resource_version_of(live: Mapping[str, Any]) -> str:
    return str((live.get("metadata") or {}).get("resourceVersion", ""))


def is_terminating(live: Mapping[str, Any]) -> bool:
    return bool((live.get("metadata") or {}).get("deletionTimestamp"))


def owner_uids(live: Mapping[str, Any]) -> frozenset[str]:
    references = (live.get("metadata") or {}).get("ownerReferences") or []
    return frozenset(str(reference.get("uid", "")) for reference in references)


def annotations_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    found = (manifest.get("metadata") or {}).get("annotations")
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def labels_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    return dict((manifest.get("metadata") or {}).get("labels") or {})
