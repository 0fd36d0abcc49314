"""ControllerRevisions: the templates that a StatefulSet or DaemonSet has had."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from slipway.sandbox.controllers.conditions import selects
from slipway.sandbox.controllers.control import Control
from slipway.sandbox.controllers.descent import controller_reference, reference_to
from slipway.sandbox.controllers.revisions import template_hash
from slipway.sandbox.store import Exists, GroupKind, Manifest, Manifests

CONTROLLER_REVISION: GroupKind = ("apps", "ControllerRevision")
HASH = "controller-revision-hash"


@dataclass(frozen=True, slots=True)
class Revision:
    name: str
    hash: str


def present(control: Control, owner: Manifest) -> Revision:
    """The revision of the owner's template as it is now; made, or moved to the end of the history."""
    data = {"spec": {"template": {**deepcopy(owner["spec"]["template"]), "$patch": "replace"}}}
    known = _known(control, owner)
    last = max((int(one.get("revision", 0)) for one in known), default=0)
    for one in known:
        if one.get("data") == data:
            if int(one.get("revision", 0)) < last:
                control.change(one, lambda fresh: fresh.update(revision=last + 1))
            return Revision(one["metadata"]["name"], one["metadata"]["labels"][HASH])
    for collisions in range(10):
        digest = template_hash(owner["spec"]["template"], collisions)
        name = f"{owner['metadata']['name']}-{digest}"
        labels = {**((owner["spec"]["template"].get("metadata") or {}).get("labels") or {}), HASH: digest}
        try:
            control.store.create(
                {
                    "apiVersion": "apps/v1",
                    "kind": "ControllerRevision",
                    "metadata": {
                        "name": name,
                        "namespace": owner["metadata"]["namespace"],
                        "labels": labels,
                        "ownerReferences": [reference_to(owner)],
                    },
                    "data": data,
                    "revision": last + 1,
                }
            )
        except Exists:
            continue
        return Revision(name, digest)
    raise RuntimeError(f"no free name for a revision of {owner['metadata']['name']}")


def forget_old(control: Control, owner: Manifest, used: frozenset[str]) -> None:
    """The oldest ones beyond the limit; `used` are hashes that pods still have."""
    limit = int(owner["spec"].get("revisionHistoryLimit", 10))
    idle = [one for one in _known(control, owner) if one["metadata"]["labels"].get(HASH) not in used]
    idle.sort(key=lambda one: int(one.get("revision", 0)))
    for one in idle[: max(0, len(idle) - limit)]:
        control.remove(one)


def name_of(control: Control, owner: Manifest, digest: str) -> str:
    for one in _known(control, owner):
        if one["metadata"]["labels"].get(HASH) == digest:
            return str(one["metadata"]["name"])
    return ""


def _known(control: Control, owner: Manifest) -> Manifests:
    """Its own; and those that an orphaning deletion of its predecessor left, which it adopts."""
    found = control.descent.controlled(owner, CONTROLLER_REVISION)
    for one in control.store.list(CONTROLLER_REVISION, owner["metadata"]["namespace"]):
        if controller_reference(one) is None and selects(
            owner["spec"].get("selector"), one["metadata"].get("labels")
        ):

            def adopt(fresh: Manifest) -> None:
                fresh["metadata"]["ownerReferences"] = [reference_to(owner)]

            if adopted := control.change(one, adopt):
                found.append(adopted)
    return found
