"""ConfigMaps and Secrets of a bundle get a content-hash suffix, and pod templates name the suffixed one.

So a change of configuration rolls pods, and a rollback restores the configuration that the old pods had.
An object that is named from a place which is not rewritten (an Ingress' TLS secret, a custom resource) keeps its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slipway.engine.manifests.digests import short_suffix
from slipway.engine.manifests.podspecs import containers, pod_spec
from slipway.engine.objects import Manifest, annotations_of

OPT_OUT = "slipway.dev/versioned"
_KINDS = ("ConfigMap", "Secret")
Names = Mapping[tuple[str, str, str], str]  # (kind, namespace, name) → suffixed name


def plan_suffixes(
    documents: Sequence[Manifest], *, secret_key: bytes
) -> tuple[dict[tuple[str, str, str], str], list[str]]:
    """Which names change, and notes about those that could but do not."""
    candidates: dict[tuple[str, str, str], Manifest] = {}
    for document in documents:
        if document.get("kind") in _KINDS and document.get("apiVersion") == "v1":
            metadata = document["metadata"]
            if (
                annotations_of(document).get(OPT_OUT) != "false"
                and document.get("type") != "kubernetes.io/service-account-token"
            ):
                candidates[document["kind"], metadata.get("namespace", ""), metadata["name"]] = document
    used: set[tuple[str, str, str]] = set()
    for document in documents:
        namespace = document["metadata"].get("namespace", "")
        spec = pod_spec(document)
        if spec is not None:
            for kind, holder, key in references(spec):
                used.add((kind, namespace, holder[key]))
    notes, names = [], {}
    for identity, document in candidates.items():
        kind, namespace, name = identity
        if identity not in used:
            continue
        if elsewhere := _named_elsewhere(documents, kind, namespace, name):
            notes.append(
                f"{kind} {name} keeps its name: {elsewhere} names it too, and that is not rewritten."
            )
            continue
        names[identity] = f"{name}-{short_suffix(document, secret_key=secret_key)}"
    return names, notes


def rewrite(document: Manifest, names: Names) -> bool:
    """In place; True when the object itself got a suffix."""
    metadata = document["metadata"]
    namespace = metadata.get("namespace", "")
    spec = pod_spec(document)
    if spec is not None:
        for kind, holder, key in references(spec):
            holder[key] = names.get((kind, namespace, holder[key]), holder[key])
    suffixed = names.get((str(document.get("kind")), namespace, metadata["name"]))
    if suffixed is not None:
        metadata["name"] = suffixed
    return suffixed is not None


def references(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every place of a pod's spec that names a ConfigMap or Secret: (kind, holding mapping, its key)."""
    for container in containers(spec):
        for entry in _mappings(container.get("env")):
            source = entry.get("valueFrom") or {}
            yield from _named(source.get("configMapKeyRef"), "ConfigMap", "name")
            yield from _named(source.get("secretKeyRef"), "Secret", "name")
        for entry in _mappings(container.get("envFrom")):
            yield from _named(entry.get("configMapRef"), "ConfigMap", "name")
            yield from _named(entry.get("secretRef"), "Secret", "name")
    for volume in _mappings(spec.get("volumes")):
        yield from _named(volume.get("configMap"), "ConfigMap", "name")
        yield from _named(volume.get("secret"), "Secret", "secretName")
        for source in _mappings((volume.get("projected") or {}).get("sources")):
            yield from _named(source.get("configMap"), "ConfigMap", "name")
            yield from _named(source.get("secret"), "Secret", "name")
    for entry in _mappings(spec.get("imagePullSecrets")):
        yield from _named(entry, "Secret", "name")


def _named(holder: Any, kind: str, key: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    if isinstance(holder, dict) and isinstance(holder.get(key), str):
        yield kind, holder, key


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _named_elsewhere(documents: Sequence[Manifest], kind: str, namespace: str, name: str) -> str:
    """The first object that mentions the name outside of a place we rewrite, as a person reads it."""
    for document in documents:
        if document.get("kind") == kind and document["metadata"]["name"] == name:
            continue
        if document["metadata"].get("namespace", "") != namespace or document.get("kind") in _KINDS:
            continue
        spec = pod_spec(document)
        rewritten = {id(holder) for _, holder, _ in references(spec)} if spec is not None else set()
        if _mentions(document, kind, name, rewritten):
            return f"{document['kind']} {document['metadata']['name']}"
    return ""


def _mentions(value: Any, kind: str, name: str, rewritten: set[int]) -> bool:
    if isinstance(value, dict):
        if id(value) in rewritten:
            return False
        wanted = (
            ("secretName", "secretRef", "secret")
            if kind == "Secret"
            else ("configMapName", "configMapRef", "configMap")
        )
        for key, inner in value.items():
            if key in wanted and (
                inner == name
                or (isinstance(inner, dict) and inner.get("name") == name and id(inner) not in rewritten)
            ):
                return True
            if key in ("secrets", "imagePullSecrets") and kind == "Secret" and isinstance(inner, list):
                if any(
                    isinstance(entry, dict) and entry.get("name") == name and id(entry) not in rewritten
                    for entry in inner
                ):
                    return True
            elif _mentions(inner, kind, name, rewritten):
                return True
    elif isinstance(value, list):
        return any(_mentions(inner, kind, name, rewritten) for inner in value)
    return False
