"""Pods as controllers make them out of templates, with what a real API server's admission would add."""

from __future__ import annotations

import random
from copy import deepcopy

from slipway.sandbox.controllers import quotas
from slipway.sandbox.controllers.conditions import is_active, selects
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.descent import controller_reference, controller_uid, reference_to
from slipway.sandbox.store import GroupKind, Manifest, Manifests

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # no vowels: no accidental words
_NOT_READY = [
    {
        "key": "node.kubernetes.io/not-ready",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    },
    {
        "key": "node.kubernetes.io/unreachable",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    },
]


class Forbidden(Exception):
    """The API server would refuse this pod; the message is a real server's."""


def random_suffix(length: int = 5) -> str:
    return "".join(random.choice(_ALPHABET) for _ in range(length))  # noqa: S311  a name, not a secret


def make_pod(control: Control, owner: Manifest, template: Manifest, *, name: str = "") -> Manifest:
    """Creates it; raises Forbidden with the server's words. `name` "" makes one up from the owner's."""
    namespace = owner["metadata"]["namespace"]
    shape = template.get("metadata") or {}
    metadata: Manifest = {
        "name": name or f"{owner['metadata']['name'][:58]}-{random_suffix()}",
        "namespace": namespace,
        "labels": dict(shape.get("labels") or {}),
        "ownerReferences": [reference_to(owner)],
    }
    if not name:
        metadata["generateName"] = f"{owner['metadata']['name'][:58]}-"
    if shape.get("annotations"):
        metadata["annotations"] = dict(shape["annotations"])
    if shape.get("finalizers"):
        metadata["finalizers"] = list(shape["finalizers"])
    spec = admitted(deepcopy(template["spec"]))
    pod: Manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": "Pending", "qosClass": quality(spec)},
    }
    _check(control, pod)
    return control.store.create(pod)


def admitted(spec: Manifest) -> Manifest:
    spec.setdefault("serviceAccountName", "default")
    spec["serviceAccount"] = spec["serviceAccountName"]
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("priority", 0)
    tolerated = {entry.get("key") for entry in spec.get("tolerations") or ()}
    added = [dict(entry) for entry in _NOT_READY if entry["key"] not in tolerated]
    spec["tolerations"] = [*(spec.get("tolerations") or ()), *added]
    return spec


def quality(spec: Manifest) -> str:
    resources = [container.get("resources") or {} for container in spec.get("containers") or ()]
    if not any(entry.get("requests") or entry.get("limits") for entry in resources):
        return "BestEffort"
    guaranteed = all(
        {"cpu", "memory"} <= set(entry.get("limits") or ())
        and all(
            (entry.get("requests") or entry["limits"]).get(name) == value
            for name, value in entry["limits"].items()
        )
        for entry in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _check(control: Control, pod: Manifest) -> None:
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    home = control.store.get(("", "Namespace"), "", namespace)
    if home is None or "deletionTimestamp" in home["metadata"]:
        raise Forbidden(
            f'pods "{name}" is forbidden: unable to create new content in namespace {namespace} because it is being '
            "terminated"
        )
    account = pod["spec"]["serviceAccountName"]
    if control.store.get(("", "ServiceAccount"), namespace, account) is None:
        raise Forbidden(
            f'pods "{name}" is forbidden: error looking up service account {namespace}/{account}: serviceaccount '
            f'"{account}" not found'
        )
    if refusal := quotas.refusal(control.store, pod):
        raise Forbidden(refusal)


def claimed(control: Control, owner: Manifest, gk: GroupKind = POD) -> Manifests:
    """The owner's objects of a kind: strays that its selector finds are adopted, those it finds no more are let go."""
    selector = owner["spec"].get("selector")
    uid = owner["metadata"]["uid"]
    going = "deletionTimestamp" in owner["metadata"]
    found: Manifests = []
    for obj in control.store.list(gk, owner["metadata"]["namespace"]):
        fits = selects(selector, obj["metadata"].get("labels"))
        if controller_uid(obj) == uid:
            if fits or going:
                found.append(obj)
            elif "deletionTimestamp" not in obj["metadata"]:
                control.change(obj, lambda fresh: _let_go(fresh, uid))
        elif fits and not going and controller_reference(obj) is None and _adoptable(obj):
            adopted = control.change(obj, lambda fresh: _adopt(fresh, owner))
            if adopted is not None:
                found.append(adopted)
    return found


def _adoptable(obj: Manifest) -> bool:
    if obj["kind"] == "Pod":
        return is_active(obj)
    return "deletionTimestamp" not in obj["metadata"]


def _adopt(obj: Manifest, owner: Manifest) -> None:
    references = obj["metadata"].get("ownerReferences") or []
    obj["metadata"]["ownerReferences"] = [*references, reference_to(owner)]


def _let_go(obj: Manifest, uid: str) -> None:
    left = [entry for entry in obj["metadata"]["ownerReferences"] if entry.get("uid") != uid]
    if left:
        obj["metadata"]["ownerReferences"] = left
    else:
        del obj["metadata"]["ownerReferences"]
