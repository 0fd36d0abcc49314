"""A namespace that is being deleted is emptied, then let go."""

from __future__ import annotations

from collections.abc import Iterable

from slipway.sandbox.controllers.conditions import with_condition
from slipway.sandbox.controllers.control import Control
from slipway.sandbox.store import GroupKind, Key, Manifest, Manifests

NAMESPACE: GroupKind = ("", "Namespace")
_AGAIN_SECONDS = 0.2


class Namespaces:
    name = "namespaces"

    def __init__(self, control: Control) -> None:
        self._control = control

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        if (
            obj["kind"] == "Namespace"
            and obj["apiVersion"] == "v1"
            and "deletionTimestamp" in obj["metadata"]
        ):
            yield ("", obj["metadata"]["name"])

    def reconcile(self, namespace: str, name: str) -> float | None:
        del namespace
        store = self._control.store
        home = store.get(NAMESPACE, "", name)
        if home is None or "deletionTimestamp" not in home["metadata"]:
            return None
        self._empty(name)
        left = self._content(name)
        if left:
            self._tell(home, left)
            return _AGAIN_SECONDS

        def edit(fresh: Manifest) -> None:
            kept = [one for one in (fresh.get("spec") or {}).get("finalizers") or () if one != "kubernetes"]
            fresh["spec"] = {"finalizers": kept} if kept else {}

        self._control.change(home, edit)
        return None

    def _empty(self, name: str) -> None:
        """Events last: they tell of the rest."""
        for obj in self._content(name):
            if "deletionTimestamp" not in obj["metadata"]:
                self._control.remove(obj, propagation="Background")

    def _content(self, name: str) -> Manifests:
        store = self._control.store
        kinds = sorted(store.kinds(), key=lambda gk: gk[1] == "Event")
        return [
            obj for gk in kinds for obj in store.list(gk, name) if obj["metadata"].get("namespace") == name
        ]

    def _tell(self, home: Manifest, left: Manifests) -> None:
        kinds: dict[str, int] = {}
        for obj in left:
            kinds[obj["kind"]] = kinds.get(obj["kind"], 0) + 1
        listed = ", ".join(f"{kind} has {count} resource instances" for kind, count in sorted(kinds.items()))
        words = ("True", "SomeResourcesRemain", f"Some resources are remaining: {listed}")

        def edit(fresh: Manifest) -> None:
            status = fresh.setdefault("status", {})
            status["conditions"] = with_condition(
                status.get("conditions"), self._control.clock, "NamespaceContentRemaining", *words
            )

        self._control.change(home, edit, subresource="status")
