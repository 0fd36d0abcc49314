"""What happens to a CustomResourceDefinition on its own: it is established, and takes its objects along."""

from __future__ import annotations

from slipway.sandbox.kinds import CRD
from slipway.sandbox.store import Manifest, Missing, Store, group_kind, now

_CONDITIONS = (
    ("NamesAccepted", "NoConflicts", "no conflicts found"),
    ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
)


class Establisher:
    def __init__(self, store: Store) -> None:
        self._store = store
        for crd in store.list(CRD):
            self._follow("ADDED", crd)
        store.subscribe(self._follow)

    def _follow(self, change: str, obj: Manifest) -> None:
        if group_kind(obj) != CRD:
            return
        if change == "DELETED":
            self._forget(obj)
        elif not (obj.get("status") or {}).get("conditions"):
            self._establish(obj)

    def _establish(self, crd: Manifest) -> None:
        spec = crd["spec"]
        stored = [one["name"] for one in spec["versions"] if one.get("storage")]
        conditions = [
            {
                "type": kind,
                "status": "True",
                "lastTransitionTime": now(),
                "reason": reason,
                "message": message,
            }
            for kind, reason, message in _CONDITIONS
        ]
        status = {"conditions": conditions, "acceptedNames": spec["names"], "storedVersions": stored}
        self._store.put({**crd, "status": status})

    def _forget(self, crd: Manifest) -> None:
        """No finalizer holds its objects: nobody serves their kind any more."""
        gk = (crd["spec"]["group"], crd["spec"]["names"]["kind"])
        for obj in self._store.list(gk):
            metadata = {key: value for key, value in obj["metadata"].items() if key != "finalizers"}
            try:
                held = self._store.put({**obj, "metadata": metadata})
                if self._store.find(held["metadata"]["uid"]) is not None:
                    self._store.delete(gk, metadata.get("namespace", ""), metadata["name"])
            except Missing:
                continue
