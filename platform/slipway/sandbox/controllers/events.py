"""Core Events as real components record them: the same thing again raises the count of the event that is there."""

from __future__ import annotations

import secrets
from copy import deepcopy

from slipway.sandbox.controllers.clock import Clock
from slipway.sandbox.store import GroupKind, Manifest, Missing, Store

EVENT: GroupKind = ("", "Event")
KEPT_SECONDS = 3600.0


class Recorder:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[tuple[str, ...], str] = {}
        for event in store.list(EVENT):
            self._known[_likeness(event)] = event["metadata"]["name"]

    def normal(
        self, about: Manifest, reason: str, message: str, *, by: str, host: str = "", field: str = ""
    ) -> None:
        self._record("Normal", about, reason, message, by, host, field)

    def warning(
        self, about: Manifest, reason: str, message: str, *, by: str, host: str = "", field: str = ""
    ) -> None:
        self._record("Warning", about, reason, message, by, host, field)

    def forget_old(self) -> None:
        for event in self._store.list(EVENT):
            if self._clock.since(event.get("lastTimestamp") or event.get("eventTime")) > KEPT_SECONDS:
                self._known.pop(_likeness(event), None)
                self._store.delete(EVENT, event["metadata"]["namespace"], event["metadata"]["name"])

    def _record(
        self, kind: str, about: Manifest, reason: str, message: str, by: str, host: str, field: str
    ) -> None:
        metadata = about["metadata"]
        namespace = metadata.get("namespace") or "default"
        home = self._store.get(("", "Namespace"), "", namespace)
        if home is None or "deletionTimestamp" in home["metadata"]:
            return  # a real server refuses to create anything there
        now = self._clock.stamp()
        source = {"component": by, **({"host": host} if host else {})}
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name']}.{secrets.token_hex(8)}", "namespace": namespace},
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "name": metadata["name"],
                **({"namespace": metadata["namespace"]} if metadata.get("namespace") else {}),
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
                **({"fieldPath": field} if field else {}),
            },
            "reason": reason,
            "message": message[:1024],
            "source": source,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": by,
            "reportingInstance": host,
        }
        known = self._known.get(_likeness(event))
        live = self._store.get(EVENT, namespace, known) if known else None
        if live is not None:
            again = deepcopy(live)
            again["count"] = int(live.get("count") or 1) + 1
            again["lastTimestamp"] = now
            try:
                self._store.put(again)
            except Missing:
                return
            return
        self._known[_likeness(event)] = str(event["metadata"]["name"])  # type: ignore[index]  # a literal above
        self._store.create(event)


def _likeness(event: Manifest) -> tuple[str, ...]:
    about = event.get("involvedObject") or {}
    source = event.get("source") or {}
    return (
        str(about.get("uid", "")),
        str(about.get("fieldPath", "")),
        str(event.get("type", "")),
        str(event.get("reason", "")),
        str(event.get("message", "")),
        str(source.get("component", "")),
        str(source.get("host", "")),
    )
