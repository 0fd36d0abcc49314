"""One target's objects, in the order in which they are applied, and everything that is wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from slipway.engine.manifests.digests import canonical
from slipway.engine.manifests.images import images_of, override_images
from slipway.engine.manifests.ports import fill_protocols
from slipway.engine.manifests.secrets import fold_string_data
from slipway.engine.manifests.unrolling import drop_null
from slipway.engine.manifests.versioning import plan_suffixes, rewrite
from slipway.engine.objects import Manifest, ObjectKey, annotations_of

OWNER = "slipway.dev/owner"
WAVE = "slipway.dev/wave"
HOOK = "slipway.dev/hook"
PRUNE = "slipway.dev/prune"
ATTEMPT = "slipway.dev/attempt"  # which rollout and which lease made the object; set at create, kept for life
ON_ROLLBACK = "slipway.dev/on-rollback"  # "run" on a Job: a rollback runs it again

_NEVER_PRUNED = frozenset(
    {"PersistentVolumeClaim", "PersistentVolume", "Namespace", "CustomResourceDefinition"}
)
_SERVER_SET = (
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "generation",
    "managedFields",
    "selfLink",
    "ownerReferences",
)
# Marks of other tools that change when or whether an object is applied: ours say the same, so they are named, not guessed.
_FOREIGN_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
_FOREIGN_WAVE = "argocd.argoproj.io/sync-wave"


class Layer(IntEnum):
    FOUNDATION = 0  # CRDs and Namespaces: established before anything else is sent
    CONFIGURATION = 1
    PRE_DEPLOY = 2  # Jobs, awaited
    WORKLOADS = 3
    ROUTES = 4
    POST_DEPLOY = 5  # Jobs, awaited


class Hook(StrEnum):
    PRE_DEPLOY = "pre-deploy"
    POST_DEPLOY = "post-deploy"


_ROUTES = frozenset(
    {
        "Ingress",
        "HTTPRoute",
        "GRPCRoute",
        "VirtualService",
        "DestinationRule",
        "HorizontalPodAutoscaler",
        "ScaledObject",
    }
)
_WORKLOADS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Pod", "Job", "CronJob"})


@dataclass(frozen=True, slots=True)
class Problem:
    """`key` None: of the bundle as a whole. The sentence is in the user's words."""

    key: ObjectKey | None
    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.key.label}: {self.sentence}" if self.key else self.sentence


@dataclass(frozen=True, slots=True)
class TargetContext:
    installation: str
    target: str
    namespace: str
    namespaced: Callable[[str, str], bool | None]  # (group, kind); None: the cluster does not serve it
    secret_key: bytes
    release_digest: str
    allowed_namespaces: frozenset[str] = frozenset()
    allowed_cluster_kinds: frozenset[tuple[str, str]] = frozenset()
    image_overrides: Mapping[str, str] = field(default_factory=dict)
    require_digests: bool = False
    strategy: str = "rolling"


@dataclass(frozen=True, slots=True)
class PreparedObject:
    key: ObjectKey
    manifest: Manifest  # exactly what is sent
    layer: Layer
    wave: int = 0
    hook: Hook | None = None
    versioned: bool = False
    never_prune: bool = False
    autoscaled: bool = False  # its replicas belong to an autoscaler; what stands there is sent back

    def to_json(self) -> dict[str, Any]:
        return {
            "manifest": self.manifest,
            "layer": int(self.layer),
            "wave": self.wave,
            "hook": str(self.hook) if self.hook else None,
            "versioned": self.versioned,
            "never_prune": self.never_prune,
            "autoscaled": self.autoscaled,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PreparedObject:
        return cls(
            ObjectKey.of(value["manifest"]),
            dict(value["manifest"]),
            Layer(value["layer"]),
            int(value["wave"]),
            Hook(value["hook"]) if value["hook"] else None,
            bool(value["versioned"]),
            bool(value["never_prune"]),
            bool(value.get("autoscaled", False)),
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    objects: tuple[PreparedObject, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


def field_manager(installation: str, target: str) -> str:
    """One per target: with a shared one a second target would silently take the first one's fields away."""
    return f"slipway-{installation}-{target}"[:128]


def owner_mark(context: TargetContext, key: ObjectKey) -> str:
    return f"{context.installation}/{context.target}/{key}"


def prepare(documents: Sequence[Manifest], context: TargetContext) -> Prepared:
    problems: list[Problem] = []
    bundle_kinds = _kinds_of_crds(documents)
    placed = [
        placed
        for document in documents
        if (placed := _place(document, context, bundle_kinds, problems)) is not None
    ]
    names, notes = plan_suffixes(placed, secret_key=context.secret_key)
    objects = [_finish(document, context, names, problems) for document in placed]
    seen: dict[ObjectKey, int] = {}
    for item in objects:
        seen[item.key] = seen.get(item.key, 0) + 1
    problems += [
        Problem(key, "metadata.name", f"it stands in the bundle {count} times")
        for key, count in seen.items()
        if count > 1
    ]
    ordered = sorted(objects, key=lambda item: (item.layer, item.wave, item.key))
    return Prepared(tuple(ordered), tuple(problems), tuple(notes))


def _place(
    document: Manifest,
    context: TargetContext,
    bundle_kinds: Mapping[tuple[str, str], bool],
    problems: list[Problem],
) -> Manifest | None:
    """A cleaned copy with its namespace, or None where it cannot be identified."""
    key = ObjectKey.of(document)
    metadata = document.get("metadata")
    if not document.get("apiVersion") or not key.kind or not isinstance(metadata, dict) or not key.name:
        missing = (
            "apiVersion" if not document.get("apiVersion") else "kind" if not key.kind else "metadata.name"
        )
        problems.append(Problem(key, missing, f"it has no {missing}"))
        return None
    if not _is_path_segment(key.name) or (key.namespace and not _is_path_segment(key.namespace)):
        problems.append(Problem(key, "metadata.name", "its name is none that an object may have"))
        return None
    if not isinstance(metadata.get("annotations") or {}, dict):
        problems.append(Problem(key, "metadata.annotations", "its annotations are no mapping"))
        return None
    namespaced = bundle_kinds.get((key.group, key.kind))
    if namespaced is None:
        namespaced = context.namespaced(key.group, key.kind)
    if namespaced is None:
        problems.append(
            Problem(key, "kind", f"the cluster does not serve {document['apiVersion']} {key.kind}")
        )
        return None
    placed = fill_protocols(document)
    placed.pop("status", None)
    for name in _SERVER_SET:
        placed["metadata"].pop(name, None)
    if key.kind == "Secret" and not key.group:
        fold_string_data(placed)
    override_images(placed, context.image_overrides)
    if namespaced:
        namespace = key.namespace or context.namespace
        if namespace != context.namespace and namespace not in context.allowed_namespaces:
            sentence = (
                f"namespace {namespace} is neither this target's ({context.namespace}) nor allowed here"
            )
            problems.append(Problem(key, "metadata.namespace", sentence))
        placed["metadata"]["namespace"] = namespace
    else:
        placed["metadata"].pop("namespace", None)
        own = key.kind == "Namespace" and key.name == context.namespace
        if not own and (key.group, key.kind) not in context.allowed_cluster_kinds:
            kind = f"{key.kind}.{key.group}" if key.group else key.kind
            problems.append(
                Problem(key, "kind", f"{kind} is cluster-wide and not allowed in this environment")
            )
    return placed


def _is_path_segment(name: object) -> bool:
    """What the API's own rule for names leaves out would lead out of the object's address."""
    return (
        isinstance(name, str)
        and name not in (".", "..")
        and not set(name) & set("/%?#\\")
        and name.isprintable()
    )


def _finish(
    document: Manifest,
    context: TargetContext,
    names: Mapping[tuple[str, str, str], str],
    problems: list[Problem],
) -> PreparedObject:
    versioned = rewrite(document, names)
    if document["kind"] == "Job":
        _name_job(document, context.release_digest)
    key = ObjectKey.of(document)
    hook, wave = _marks(document, key, problems)
    if context.require_digests:
        problems += [
            Problem(
                key, "image", f"{image} ({where}) is not pinned by a digest, and this application wants that"
            )
            for where, image in images_of(document)
            if not image.pinned
        ]
    recreated = context.strategy == "recreate" and key.kind == "Deployment"
    if recreated and isinstance(document.setdefault("spec", {}), dict):
        document["spec"]["strategy"] = {"type": "Recreate"}
    drop_null(document)
    document["metadata"].setdefault("annotations", {})
    document["metadata"]["annotations"] = {
        **(document["metadata"]["annotations"] or {}),
        OWNER: owner_mark(context, key),
    }
    never = key.kind in _NEVER_PRUNED or annotations_of(document).get(PRUNE) == "never"
    return PreparedObject(key, document, _layer(key, hook), wave, hook, versioned, never)


def _marks(document: Manifest, key: ObjectKey, problems: list[Problem]) -> tuple[Hook | None, int]:
    marks = annotations_of(document)
    hook = None
    if mark := marks.get(HOOK):
        if mark in set(Hook) and key.kind == "Job":
            hook = Hook(mark)
        else:
            problems.append(Problem(key, HOOK, f"{HOOK}: “{mark}” is not pre-deploy or post-deploy on a Job"))
    problems += [
        Problem(key, foreign, f"it carries {foreign}; say {HOOK}: pre-deploy or post-deploy instead")
        for foreign in _FOREIGN_HOOKS
        if foreign in marks
    ]
    text = marks.get(WAVE, marks.get(_FOREIGN_WAVE, "0"))
    try:
        return hook, int(text)
    except ValueError:
        problems.append(Problem(key, WAVE, f"{WAVE}: “{text}” is no whole number"))
        return hook, 0


def _layer(key: ObjectKey, hook: Hook | None) -> Layer:
    if hook is Hook.PRE_DEPLOY:
        return Layer.PRE_DEPLOY
    if hook is Hook.POST_DEPLOY:
        return Layer.POST_DEPLOY
    if key.kind in ("Namespace", "CustomResourceDefinition"):
        return Layer.FOUNDATION
    if key.kind in _ROUTES:
        return Layer.ROUTES
    return Layer.WORKLOADS if key.kind in _WORKLOADS else Layer.CONFIGURATION


def _name_job(document: Manifest, release_digest: str) -> None:
    """A Job's template is immutable, so each release runs its own, once."""
    digest = hashlib.sha256(canonical(document.get("spec")) + release_digest.encode()).hexdigest()[:10]
    document["metadata"]["name"] = f"{document['metadata']['name'][:52]}-{digest}"


def _kinds_of_crds(documents: Sequence[Manifest]) -> dict[tuple[str, str], bool]:
    kinds = {}
    for document in documents:
        if document.get("kind") == "CustomResourceDefinition" and isinstance(document.get("spec"), dict):
            spec = document["spec"]
            names = spec.get("names")
            kind = names.get("kind", "") if isinstance(names, dict) else ""
            kinds[str(spec.get("group", "")), str(kind)] = spec.get("scope") == "Namespaced"
    return kinds
