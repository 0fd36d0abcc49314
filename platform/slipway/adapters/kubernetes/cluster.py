"""One cluster behind `ports.clusters.Cluster`."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slipway.adapters.kubernetes.discovery import discover
from slipway.adapters.kubernetes.errors import parsed, translate
from slipway.adapters.kubernetes.families import BELOW, CHILDREN, descendants
from slipway.adapters.kubernetes.logs import KubernetesLogs
from slipway.adapters.kubernetes.paths import segment
from slipway.adapters.kubernetes.secrets import redact
from slipway.adapters.kubernetes.transport import Transport
from slipway.engine.objects import Manifest, ObjectKey, uid_of
from slipway.ports.clusters import (
    AsksForEvents,
    ClusterFacts,
    Listing,
    NotServed,
    Precondition,
    Propagation,
    Refused,
    ServedKind,
    Snapshot,
    Unauthorized,
    WatchEvent,
    WatchExpired,
    WatchKind,
    always,
)

_FACTS_SECONDS = 300
_PAGE = 500
_BESIDES = frozenset({*CHILDREN, ("", "Event")})


class KubernetesCluster:
    def __init__(self, transport: Transport, *, redaction_key: bytes) -> None:
        self._transport = transport
        self._key = redaction_key
        self._facts: ClusterFacts | None = None
        self._facts_at = 0.0
        self._lock = threading.Lock()

    def facts(self, *, refresh: bool = False) -> ClusterFacts:
        with self._lock:
            known = self._facts
            if known is None or refresh or time.monotonic() - self._facts_at > _FACTS_SECONDS:
                known = self._facts = discover(self._transport)
                self._facts_at = time.monotonic()
            return known

    def read(self, key: ObjectKey) -> Manifest | None:
        status, body = self._transport.call(
            "GET", self._path(self._served(key.group, key.kind), key.namespace, key.name)
        )
        if status == 404:
            return None
        return self._object(status, body, what=key.label, secret=key.kind == "Secret")

    def list(
        self,
        group: str,
        kind: str,
        *,
        namespace: str = "",
        label_selector: str = "",
        metadata_only: bool = False,
    ) -> Listing:
        served = self._served(group, kind)
        path = self._path(served, namespace)
        items: list[Manifest] = []
        token = ""
        for _ in range(10_000):
            query = {"limit": _PAGE, "continue": token, "labelSelector": label_selector}
            accept = _accept("PartialObjectMetadataList" if metadata_only else "")
            status, body = self._transport.call("GET", path, query=query, accept=accept)
            if status == 410 and token:
                items, token = [], ""  # the listing's snapshot was compacted away: once more from the start
                continue
            if status != 200:
                raise translate(status, body, what=f"{kind} list", secret=kind == "Secret")
            answer = parsed(body)
            for item in answer.get("items") or ():
                # Items of a list carry neither, those of a metadata list carry metadata's own.
                item["apiVersion"], item["kind"] = served.api_version, kind
                items.append(redact(item, self._key))
            token = (answer.get("metadata") or {}).get("continue", "")
            if not token:
                return Listing(tuple(items), str(answer["metadata"]["resourceVersion"]))
        raise Refused(f"The list of {kind} does not end.")

    def apply(
        self,
        manifest: Manifest,
        *,
        manager: str,
        force: bool = False,
        dry_run: bool = False,
        precondition: Precondition | None = None,
    ) -> Manifest:
        key = ObjectKey.of(manifest)
        path = self._path(self._served(key.group, key.kind, manifest["apiVersion"]), key.namespace, key.name)
        query = {
            "fieldManager": manager,
            "force": "true" if force else "",
            "dryRun": "All" if dry_run else "",
        }
        body = manifest
        if precondition is not None:
            metadata = {**manifest["metadata"], "uid": precondition.uid}
            if precondition.resource_version:
                metadata["resourceVersion"] = precondition.resource_version
            body = {**manifest, "metadata": metadata}
        for attempt in (1, 2):
            status, answer = self._transport.call(
                "PATCH", path, query=query, body=body, content_type="application/apply-patch+yaml"
            )
            # An unknown field or a wrong type is a 500 too: asked once more, then it is a refusal.
            if status != 500 or attempt == 2:
                break
        return self._object(status, answer, what=key.label, secret=key.kind == "Secret")

    def create(self, manifest: Manifest, *, manager: str, dry_run: bool = False) -> Manifest:
        key = ObjectKey.of(manifest)
        path = self._path(self._served(key.group, key.kind, manifest["apiVersion"]), key.namespace)
        query = {"fieldManager": manager, "dryRun": "All" if dry_run else ""}
        status, body = self._transport.call("POST", path, query=query, body=manifest)
        return self._object(status, body, what=key.label, secret=key.kind == "Secret")

    def delete(
        self,
        key: ObjectKey,
        *,
        precondition: Precondition | None,
        propagation: Propagation,
        dry_run: bool = False,
    ) -> bool:
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": str(propagation),
        }
        if dry_run:
            options["dryRun"] = ["All"]
        if precondition is not None:
            options["preconditions"] = {"uid": precondition.uid}
            if precondition.resource_version:
                options["preconditions"]["resourceVersion"] = precondition.resource_version
        path = self._path(self._served(key.group, key.kind), key.namespace, key.name)
        status, body = self._transport.call("DELETE", path, body=options)
        if status == 404:
            return False
        if status not in (200, 202):
            raise translate(status, body, what=key.label, secret=key.kind == "Secret")
        return True

    def patch_json(
        self, key: ObjectKey, operations: Sequence[Mapping[str, Any]], *, manager: str
    ) -> Manifest:
        path = self._path(self._served(key.group, key.kind), key.namespace, key.name)
        status, body = self._transport.call(
            "PATCH",
            path,
            query={"fieldManager": manager},
            body=list(operations),
            content_type="application/json-patch+json",
        )
        return self._object(status, body, what=key.label, secret=key.kind == "Secret")

    def observe(self, keys: Sequence[ObjectKey], *, asks_for_events: AsksForEvents = always) -> Snapshot:
        objects: dict[ObjectKey, Manifest | None] = dict.fromkeys(keys)
        wanted = {(key.group, key.kind, key.namespace) for key in keys}
        owning = {key.namespace for key in keys if key.kind in BELOW}
        wanted |= {(*below, key.namespace) for key in keys for below in BELOW.get(key.kind, ())}
        facts = self.facts()
        served = sorted(entry for entry in wanted if facts.serves(entry[0], entry[1]))
        with ThreadPoolExecutor(max_workers=4) as pool:
            listings = list(pool.map(lambda entry: self._seen(*entry), served))
        family: list[Manifest] = []
        for listing in listings:
            for item in listing.items:
                key = ObjectKey.of(item)
                if key in objects:
                    objects[key] = item
                elif (key.group, key.kind) in CHILDREN:
                    family.append(item)
        children = descendants([item for item in objects.values() if item is not None], family)
        asked = bool(owning) and asks_for_events(objects, children)
        events = self._events_about(owning, objects, children) if asked else ()
        return Snapshot(objects, tuple(children), tuple(events))

    def _seen(self, group: str, kind: str, namespace: str) -> Listing:
        """What we may not list of pods and their owners is left out: health is then told by the counters."""
        try:
            return self.list(group, kind, namespace=namespace)
        except Unauthorized as error:
            if error.status != 403 or (group, kind) not in _BESIDES:
                raise
            return Listing((), "")

    def watch(
        self,
        group: str,
        kind: str,
        *,
        namespace: str = "",
        resource_version: str,
        timeout_seconds: int = 60,
        metadata_only: bool = False,
    ) -> Iterator[WatchEvent]:
        served = self._served(group, kind)
        path = self._path(served, namespace)
        query = {
            "watch": "true",
            "resourceVersion": resource_version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": timeout_seconds,
        }
        accept = _accept("PartialObjectMetadata" if metadata_only else "")
        status, lines = self._transport.stream(
            path, query=query, idle_seconds=timeout_seconds + 5.0, accept=accept
        )
        if status == 410:
            raise WatchExpired("the resourceVersion is too old", status=410)
        if status != 200:
            raise translate(status, next(lines, b""), what=f"{kind} watch", secret=kind == "Secret")
        for line in lines:
            event = parsed(line)
            body = event["object"]
            if event["type"] == "ERROR":
                if body.get("code") == 410:
                    raise WatchExpired("the resourceVersion is too old", status=410)
                raise translate(
                    int(body.get("code", 500)),
                    json.dumps(body).encode(),
                    what=f"{kind} watch",
                    secret=kind == "Secret",
                )
            body["apiVersion"], body["kind"] = served.api_version, kind
            yield WatchEvent(
                WatchKind(event["type"]), redact(body, self._key), str(body["metadata"]["resourceVersion"])
            )

    def logs(
        self,
        namespace: str,
        pod: str,
        *,
        container: str = "",
        tail_lines: int = 200,
        previous: bool = False,
        limit_bytes: int = 262_144,
    ) -> str:
        status, body = self._transport.call(
            "GET",
            f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(pod)}/log",
            query={
                "container": container,
                "tailLines": tail_lines,
                "previous": "true" if previous else "",
                "limitBytes": limit_bytes,
            },
            accept="*/*",
        )
        if status != 200:
            raise translate(status, body, what=f"Pod {pod}")
        return body.decode("utf-8", "replace")

    def logs_of(self, namespace: str, pod: str, *, uid: str = "") -> KubernetesLogs:
        return KubernetesLogs(self._transport, namespace, pod, uid)

    def close(self) -> None:
        self._transport.close()

    def _served(self, group: str, kind: str, api_version: str = "") -> ServedKind:
        """The version that a manifest asks for, where it is served; else the preferred one."""
        version = api_version.rpartition("/")[2]
        served = self.facts().kinds.get((group, kind))
        if (served is None or (version and version not in served.versions)) and self._stale():
            served = self.facts(refresh=True).kinds.get((group, kind))
        if served is None or (version and version not in served.versions):
            name = f"{api_version} {kind}" if api_version else f"{kind}.{group}" if group else kind
            raise NotServed(f"the cluster does not serve {name}", status=404)
        if version and version != served.version:
            return ServedKind(
                group, version, kind, served.plural, served.namespaced, served.versions, served.verbs
            )
        return served

    def _stale(self) -> bool:
        """A kind or version may have come since (a CRD of this very plan): look again, but not at every miss."""
        return time.monotonic() - self._facts_at > 1.0

    @staticmethod
    def _path(served: ServedKind, namespace: str = "", name: str = "") -> str:
        base = f"/apis/{served.group}/{served.version}" if served.group else "/api/v1"
        inside = f"/namespaces/{segment(namespace)}" if served.namespaced and namespace else ""
        return f"{base}{inside}/{served.plural}" + (f"/{segment(name)}" if name else "")

    def _object(self, status: int, body: bytes, *, what: str, secret: bool) -> Manifest:
        if status not in (200, 201, 202):
            raise translate(status, body, what=what, secret=secret)
        answer: Manifest = parsed(body)
        return redact(answer, self._key)

    def _events_about(
        self, namespaces: set[str], objects: Mapping[ObjectKey, Manifest | None], children: Sequence[Manifest]
    ) -> Sequence[Manifest]:
        uids = {uid_of(item) for item in (*objects.values(), *children) if item is not None}
        listings = [self._seen("", "Event", namespace) for namespace in sorted(namespaces)]
        about = (
            event
            for listing in listings
            for event in listing.items
            if (event.get("involvedObject") or {}).get("uid") in uids
        )
        return sorted(
            about, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or "")
        )


def _accept(metadata_kind: str) -> str:
    """Whole objects stay acceptable, so that a server which knows no metadata form answers all the same."""
    partial = f"application/json;as={metadata_kind};g=meta.k8s.io;v=v1," if metadata_kind else ""
    return f"{partial}application/json"
