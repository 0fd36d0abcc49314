"""ConfigMaps and Secrets of a bundle get a content-hash suffix, and pod templates name the suffixed one.

So a change of configuration rolls pods, and a rollback restores the configuration that the old pods had.
An object that is named from a place which is not rewritten (an Ingress' TLS secret, a custom resource) keeps its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slipway.engine.manifests.digests import short_suffix
from slipway.engine.manifests.mentions import mentions
from slipway.engine.manifests.podspecs import pod_spec, references
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
    used = {
        (kind, document["metadata"].get("namespace", ""), holder[key])
        for document in documents
        if (spec := pod_spec(document)) is not None
        for kind, holder, key in references(spec)
    }
    elsewhere = mentions(documents)
    notes, names = [], {}
    for identity, document in candidates.items():
        kind, _, name = identity
        if identity not in used:
            continue
        if identity in elsewhere:
            notes.append(
                f"{kind} {name} keeps its name: {elsewhere[identity]} names it too, and that is not rewritten."
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
