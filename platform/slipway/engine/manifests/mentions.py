"""Who names a ConfigMap or Secret from a place that is not rewritten: such an object must keep its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slipway.engine.manifests.podspecs import pod_spec, references
from slipway.engine.objects import Manifest

Identity = tuple[str, str, str]  # (kind, namespace, name)

_KINDS = ("ConfigMap", "Secret")
# `spec.tls[].secretName`, `nodePublishSecretRef: {name: …}`, `secrets: [{name: …}]`: every custom resource has its own.
_ENDINGS = {
    "Secret": ("secret", "secretname", "secretref", "secrets", "secretkeyref"),
    "ConfigMap": ("configmap", "configmapname", "configmapref", "configmaps", "configmapkeyref"),
}
_RESOURCES = {"secrets": "Secret", "configmaps": "ConfigMap"}


def mentions(documents: Sequence[Manifest]) -> dict[Identity, str]:
    """Each that is named elsewhere → the first object that does so, as a person reads it. One walk per object."""
    found: dict[Identity, str] = {}
    for document in documents:
        if document.get("kind") in _KINDS and document.get("apiVersion") == "v1":
            continue
        namespace = document["metadata"].get("namespace", "")
        spec = pod_spec(document)
        rewritten = {id(holder) for _, holder, _ in references(spec)} if spec is not None else set()
        for kind, name in _named(document, rewritten):
            found.setdefault((kind, namespace, name), f"{document['kind']} {document['metadata']['name']}")
    return found


def _named(value: Any, rewritten: set[int]) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for inner in value:
            yield from _named(inner, rewritten)
    if not isinstance(value, dict) or id(value) in rewritten:
        return
    if value.get("kind") in _KINDS and isinstance(value.get("name"), str):
        yield value["kind"], value["name"]
    yield from _allowed_by_name(value)
    for key, inner in value.items():
        for kind in _KINDS:
            if str(key).lower().endswith(_ENDINGS[kind]) or (key == "imagePullSecrets" and kind == "Secret"):
                yield from ((kind, name) for name in _names(inner, rewritten))
        yield from _named(inner, rewritten)


def _names(value: Any, rewritten: set[int]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner, rewritten)
    elif isinstance(value, dict) and id(value) not in rewritten and isinstance(value.get("name"), str):
        yield value["name"]


def _allowed_by_name(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A Role's rule: `resources: [secrets], resourceNames: [tls]`."""
    resources, names = rule.get("resources"), rule.get("resourceNames")
    if isinstance(resources, list) and isinstance(names, list):
        for resource in resources:
            if resource in ("secrets", "configmaps"):
                yield from ((_RESOURCES[resource], name) for name in names if isinstance(name, str))
