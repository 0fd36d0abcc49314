"""What every controller is given: the store, the clock, who descends from whom, and how to write in its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Protocol

from slipway.sandbox import managed
from slipway.sandbox.controllers.clock import Clock
from slipway.sandbox.controllers.descent import Descent
from slipway.sandbox.controllers.events import Recorder
from slipway.sandbox.schemas import definitions
from slipway.sandbox.store import GroupKind, Key, Manifest, Missing, Store, group_kind

MANAGER = "kube-controller-manager"
POD: GroupKind = ("", "Pod")
# Children are written by controllers alone: an account of their fields would cost time and tell nothing.
_UNACCOUNTED = frozenset({"Pod", "ReplicaSet", "ControllerRevision", "Endpoints", "EndpointSlice", "Event"})


class Controller(Protocol):
    name: str

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        """Which of this controller's objects should be looked at because of this change."""

    def reconcile(self, namespace: str, name: str) -> float | None:
        """Brings one object nearer to what is wanted; real seconds until it should be looked at again."""


class Control:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.descent = Descent(store)
        self.events = Recorder(store, clock)

    def change(
        self, obj: Manifest, edit: Callable[[Manifest], None], *, subresource: str = ""
    ) -> Manifest | None:
        """The newest state of the object, edited and written; None when it is gone or another one."""
        gk = group_kind(obj)
        live = self.store.get(gk, obj["metadata"].get("namespace") or "", obj["metadata"]["name"])
        if live is None or live["metadata"]["uid"] != obj["metadata"]["uid"]:
            return None
        fresh = deepcopy(live)
        edit(fresh)
        if fresh == live:
            return live
        if gk[1] not in _UNACCOUNTED:
            fresh = _accounted(live, fresh, subresource)
        try:
            return self.store.put(fresh)
        except Missing:
            return None

    def status(self, obj: Manifest, status: Manifest) -> Manifest | None:
        def edit(fresh: Manifest) -> None:
            fresh["status"] = status

        return self.change(obj, edit, subresource="status")

    def remove(self, obj: Manifest, *, propagation: str | None = None) -> None:
        """As a client deletes: a pod that is on a node gets its grace period."""
        metadata = obj["metadata"]
        grace = 0
        if obj["kind"] == "Pod" and (obj.get("spec") or {}).get("nodeName"):
            grace = int(obj["spec"].get("terminationGracePeriodSeconds", 30))
            if (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
                grace = 0
        try:
            self.store.delete(
                group_kind(obj),
                metadata.get("namespace") or "",
                metadata["name"],
                grace=grace,
                propagation=propagation,
            )
        except Missing:
            return


def _accounted(live: Manifest, fresh: Manifest, subresource: str) -> Manifest:
    group, kind = group_kind(live)
    known = definitions().kind(group, live["apiVersion"].rpartition("/")[2], kind)
    if known is None:
        return fresh
    who = managed.Manager(MANAGER, "Update", live["apiVersion"], subresource)
    return managed.with_owners(fresh, managed.update(live, fresh, known, manager=who))
