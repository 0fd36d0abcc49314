"""The ReplicaSet of a Deployment's present template, and the numbers by which `rollout undo` finds old ones."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy

from slipway.sandbox.controllers.control import Control
from slipway.sandbox.controllers.descent import reference_to
from slipway.sandbox.controllers.rolling import bounds
from slipway.sandbox.store import Exists, Manifest, Manifests

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
HASH = "pod-template-hash"
_OWN = (REVISION, HISTORY, DESIRED, MAXIMUM, "kubectl.kubernetes.io/last-applied-configuration")
_ALPHABET = "bcdf2456789ghjklmnpqrstvwxz"


def template_hash(template: Manifest, collisions: int = 0) -> str:
    text = json.dumps([template, collisions], sort_keys=True, separators=(",", ":")).encode()
    number = int.from_bytes(hashlib.sha256(text).digest()[:6], "big")
    return "".join(_ALPHABET[(number >> 4 * place) % len(_ALPHABET)] for place in range(10))


def same_template(one: Manifest, other: Manifest) -> bool:
    return _bare(one) == _bare(other)


def _bare(template: Manifest) -> Manifest:
    metadata = dict(template.get("metadata") or {})
    metadata.pop("creationTimestamp", None)
    labels = {name: value for name, value in (metadata.pop("labels", None) or {}).items() if name != HASH}
    return {
        "metadata": {**{key: value for key, value in metadata.items() if value}, "labels": labels},
        "spec": template["spec"],
    }


def revision_of(obj: Manifest) -> int:
    text = (obj["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


class Revisions:
    def __init__(self, control: Control) -> None:
        self._control = control

    def of_template(
        self, deployment: Manifest, new: Manifest | None, old: Manifests, *, first_size: int
    ) -> Manifest | None:
        """The ReplicaSet, made where it is missing; None when another one has taken its name: ask again."""
        number = max((revision_of(one) for one in old), default=0) + 1
        if new is None:
            new = self._make(deployment, number, first_size)
        else:
            new = self._control.change(new, lambda fresh: self._mark(fresh, deployment, number))
        if new is None:
            return None
        self._number(deployment, str(revision_of(new)))
        return new

    def _make(self, deployment: Manifest, number: int, size: int) -> Manifest | None:
        spec = deployment["spec"]
        collisions = int((deployment.get("status") or {}).get("collisionCount", 0))
        digest = template_hash(_bare(spec["template"]), collisions)
        wanted = int(spec.get("replicas", 1))
        surge, _ = bounds(deployment)
        template = deepcopy(spec["template"])
        template.setdefault("metadata", {}).setdefault("labels", {})[HASH] = digest
        selector = deepcopy(spec["selector"])
        selector.setdefault("matchLabels", {})[HASH] = digest
        annotations = {
            name: value
            for name, value in (deployment["metadata"].get("annotations") or {}).items()
            if name not in _OWN
        }
        made: Manifest = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{deployment['metadata']['name']}-{digest}",
                "namespace": deployment["metadata"]["namespace"],
                "labels": dict(template["metadata"]["labels"]),
                "annotations": {
                    **annotations,
                    REVISION: str(number),
                    DESIRED: str(wanted),
                    MAXIMUM: str(wanted + surge),
                },
                "ownerReferences": [reference_to(deployment)],
            },
            "spec": {"replicas": size, "selector": selector, "template": template},
            "status": {"replicas": 0},
        }
        if spec.get("minReadySeconds"):
            made["spec"]["minReadySeconds"] = spec["minReadySeconds"]
        try:
            return self._control.store.create(made)
        except Exists:
            status = {**(deployment.get("status") or {}), "collisionCount": collisions + 1}
            self._control.status(deployment, status)
            return None

    def _mark(self, fresh: Manifest, deployment: Manifest, number: int) -> None:
        marks = fresh["metadata"].setdefault("annotations", {})
        before = revision_of(fresh)
        if before < number:
            if before:
                past = [*filter(None, marks.get(HISTORY, "").split(",")), str(before)]
                marks[HISTORY] = ",".join(past)
            marks[REVISION] = str(number)
        for name, value in (deployment["metadata"].get("annotations") or {}).items():
            if name not in _OWN:
                marks[name] = value
        if deployment["spec"].get("minReadySeconds"):
            fresh["spec"]["minReadySeconds"] = deployment["spec"]["minReadySeconds"]

    def _number(self, deployment: Manifest, number: str) -> None:
        def edit(fresh: Manifest) -> None:
            fresh["metadata"].setdefault("annotations", {})[REVISION] = number

        self._control.change(deployment, edit)
