"""What has lost its owners goes; foreground and orphan deletions are worked off."""

from __future__ import annotations

from collections.abc import Iterable

from slipway.sandbox.controllers.control import Control
from slipway.sandbox.controllers.descent import owner_uids
from slipway.sandbox.store import Key, Manifest

_FOREGROUND, _ORPHAN = "foregroundDeletion", "orphan"


class Garbage:
    """Its keys are uids: kinds do not matter here."""

    name = "garbage collector"

    def __init__(self, control: Control) -> None:
        self._control = control

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        metadata = obj["metadata"]
        uid = metadata["uid"]
        if change == "DELETED":
            for child in self._control.descent.of(uid):
                yield ("", child["metadata"]["uid"])
        elif "deletionTimestamp" in metadata or owner_uids(obj):
            yield ("", uid)
        if metadata.get("ownerReferences"):
            for owner in owner_uids(obj):  # one that waits in the foreground looks whether it was the last
                above = self._control.store.find(owner)
                if above is not None and "deletionTimestamp" in above["metadata"]:
                    yield ("", owner)

    def reconcile(self, namespace: str, name: str) -> None:
        del namespace
        obj = self._control.store.find(name)
        if obj is None:
            return
        finalizers = obj["metadata"].get("finalizers") or ()
        if "deletionTimestamp" in obj["metadata"]:
            if _ORPHAN in finalizers:
                self._orphan(obj)
            elif _FOREGROUND in finalizers:
                self._foreground(obj)
            return
        owners = owner_uids(obj)
        if not owners:
            return
        alive = {uid for uid in owners if self._is_there(obj, uid)}
        if not alive:
            self._control.remove(obj, propagation="Background")
        elif alive != owners:
            self._drop_references(obj, owners - alive)

    def _is_there(self, obj: Manifest, uid: str) -> bool:
        """The uid must be that of an object which the reference describes, in the same namespace or in none."""
        owner = self._control.store.find(uid)
        if owner is None:
            return False
        reference = next(entry for entry in obj["metadata"]["ownerReferences"] if entry.get("uid") == uid)
        home = owner["metadata"].get("namespace") or ""
        return (
            owner["kind"] == reference.get("kind")
            and owner["metadata"]["name"] == reference.get("name")
            and home in ("", obj["metadata"].get("namespace") or "")
        )

    def _orphan(self, owner: Manifest) -> None:
        uid = owner["metadata"]["uid"]
        for child in self._control.descent.of(uid):
            self._drop_references(child, frozenset({uid}))
        self._drop_finalizer(owner, _ORPHAN)

    def _foreground(self, owner: Manifest) -> None:
        uid = owner["metadata"]["uid"]
        blocking = False
        for child in self._control.descent.of(uid):
            reference = next(entry for entry in child["metadata"]["ownerReferences"] if entry["uid"] == uid)
            blocks = bool(reference.get("blockOwnerDeletion"))
            blocking = blocking or blocks
            if "deletionTimestamp" in child["metadata"]:
                continue
            if len(owner_uids(child)) > 1:
                self._drop_references(child, frozenset({uid}))
            else:
                has_children = bool(self._control.descent.of(child["metadata"]["uid"]))
                self._control.remove(
                    child, propagation="Foreground" if blocks and has_children else "Background"
                )
        if not any(
            next(entry for entry in child["metadata"]["ownerReferences"] if entry["uid"] == uid).get(
                "blockOwnerDeletion"
            )
            for child in self._control.descent.of(uid)
        ):
            self._drop_finalizer(owner, _FOREGROUND)

    def _drop_references(self, obj: Manifest, uids: frozenset[str]) -> None:
        def edit(fresh: Manifest) -> None:
            left = [
                entry for entry in fresh["metadata"].get("ownerReferences") or () if entry["uid"] not in uids
            ]
            if left:
                fresh["metadata"]["ownerReferences"] = left
            else:
                fresh["metadata"].pop("ownerReferences", None)

        self._control.change(obj, edit)

    def _drop_finalizer(self, obj: Manifest, finalizer: str) -> None:
        def edit(fresh: Manifest) -> None:
            left = [entry for entry in fresh["metadata"].get("finalizers") or () if entry != finalizer]
            if left:
                fresh["metadata"]["finalizers"] = left
            else:
                fresh["metadata"].pop("finalizers", None)

        self._control.change(obj, edit)
