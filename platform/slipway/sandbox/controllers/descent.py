"""Who is owned by whom, by uid, kept up with the store."""

from __future__ import annotations

from collections import defaultdict

from slipway.sandbox.store import GroupKind, Manifest, Store, group_kind


class Descent:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._children: defaultdict[str, set[str]] = defaultdict(set)
        self._owners: dict[str, frozenset[str]] = {}
        for gk in store.kinds():
            for obj in store.list(gk):
                self._follow("ADDED", obj)
        store.subscribe(self._follow)

    def _follow(self, change: str, obj: Manifest) -> None:
        uid = obj["metadata"]["uid"]
        before = self._owners.pop(uid, frozenset())
        now = frozenset() if change == "DELETED" else owner_uids(obj)
        for owner in before - now:
            self._children[owner].discard(uid)
            if not self._children[owner]:
                del self._children[owner]
        for owner in now:
            self._children[owner].add(uid)
        if now:
            self._owners[uid] = now

    def of(self, owner_uid: str) -> list[Manifest]:
        """Everything that names this owner, controller or not, in the order of its making."""
        found = (self._store.find(uid) for uid in self._children.get(owner_uid, ()))
        return sorted((obj for obj in found if obj is not None), key=_age)

    def controlled(self, owner: Manifest, gk: GroupKind) -> list[Manifest]:
        uid = owner["metadata"]["uid"]
        return [obj for obj in self.of(uid) if group_kind(obj) == gk and controller_uid(obj) == uid]


def owner_uids(obj: Manifest) -> frozenset[str]:
    return frozenset(str(entry.get("uid", "")) for entry in obj["metadata"].get("ownerReferences") or ())


def controller_reference(obj: Manifest) -> Manifest | None:
    for entry in obj["metadata"].get("ownerReferences") or ():
        if entry.get("controller"):
            found: Manifest = entry
            return found
    return None


def controller_uid(obj: Manifest) -> str:
    return str((controller_reference(obj) or {}).get("uid", ""))


def reference_to(owner: Manifest) -> Manifest:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _age(obj: Manifest) -> tuple[str, str]:
    return (obj["metadata"]["creationTimestamp"], obj["metadata"]["name"])
