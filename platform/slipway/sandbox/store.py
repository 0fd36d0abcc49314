"""What the sandbox cluster holds: objects by kind, one version counter, and the recent changes for watches.

Everything is synchronous and belongs to one event loop. Objects handed out are the store's own and are
shared: **never change one, copy it first** (`copy.deepcopy`); what is handed in is copied here.

An object is kept under its group and kind, whatever version of the API it came through; the API server
converts. `put` decides about `generation` (a changed spec) but not about who may change what: status,
immutable fields and validation are the API server's part, so that controllers stay free.
"""

import json
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from slipway.sandbox.journal import Journal
from slipway.sandbox.sharing import share

Manifest = dict[str, Any]
Manifests = list[Manifest]
GroupKind = tuple[str, str]
GroupKinds = list[GroupKind]
Key = tuple[str, str]
ChangeKind = Literal["ADDED", "MODIFIED", "DELETED"]
Callback = Callable[[ChangeKind, Manifest], None]

HISTORY = 2_000  # changes kept per kind for watches that resume; an older resourceVersion answers 410
COMPACT_AFTER = 20_000  # journal lines beyond the living objects before the file is rewritten while running

# Kinds of the built-in groups that carry metadata.generation; custom resources always do.
WITH_GENERATION = {"apps", "batch", "policy", "networking.k8s.io", "apiextensions.k8s.io", "discovery.k8s.io"}
WITHOUT_GENERATION = {
    "",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "coordination.k8s.io",
    "autoscaling",
    "events.k8s.io",
    "certificates.k8s.io",
    "scheduling.k8s.io",
    "node.k8s.io",
}
NO_GENERATION_KINDS = {"ControllerRevision", "IngressClass"}

PROPAGATION_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


class Missing(Exception):
    """No such object."""


class Exists(Exception):
    """An object of that kind and name is there already."""


class StaleVersion(Exception):
    """The object is no longer at the expected version, or is another one of the same name."""


class Gone(Exception):
    """Changes since that version are no longer remembered."""

    def __init__(self, version: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {version} ({oldest})")


class Change(NamedTuple):
    version: int
    kind: ChangeKind
    object: Manifest
    previous: Manifest | None


Changes = list[Change]


def group_kind(obj: Manifest) -> GroupKind:
    group, slash, _ = str(obj["apiVersion"]).partition("/")
    return (group if slash else "", str(obj["kind"]))


def key_of(obj: Manifest) -> Key:
    metadata = obj["metadata"]
    return (metadata.get("namespace") or "", metadata["name"])


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    def __init__(self, path: Path | None) -> None:
        """`path` is the journal's file; None keeps everything in memory (tests)."""
        self.version = 0
        self._objects: dict[GroupKind, dict[Key, Manifest]] = defaultdict(dict)
        self._by_uid: dict[str, Manifest] = {}
        self._history: dict[GroupKind, deque[Change]] = defaultdict(deque)
        self._forgotten: dict[GroupKind, int] = {}  # the newest version that fell out of the history
        self._oldest = 0  # nothing before this version is remembered for any kind
        self._subscribers: list[Callback] = []
        self._pending: deque[tuple[ChangeKind, Manifest]] = deque()
        self._telling = False
        self._journal = Journal(path) if path else None
        if self._journal:
            self._load(self._journal)

    # -- reading

    def get(self, gk: GroupKind, namespace: str, name: str) -> Manifest | None:
        return self._objects[gk].get((namespace, name)) if gk in self._objects else None

    def list(self, gk: GroupKind, namespace: str = "") -> Manifests:
        """Sorted by namespace and name, as a real server lists; namespace "" means all."""
        objects = self._objects.get(gk, {})
        return [objects[key] for key in sorted(objects) if not namespace or key[0] == namespace]

    def find(self, uid: str) -> Manifest | None:
        return self._by_uid.get(uid)

    def kinds(self) -> GroupKinds:
        """Every kind of which there is an object now."""
        return sorted(gk for gk, objects in self._objects.items() if objects)

    def changes_since(self, gk: GroupKind, version: int) -> Changes:
        """The changes of one kind after a version, oldest first; raises Gone when some are forgotten."""
        oldest = max(self._oldest, self._forgotten.get(gk, 0))
        if version < oldest:
            raise Gone(version, oldest)
        found: Changes = []
        for change in reversed(self._history.get(gk, ())):
            if change.version <= version:
                break
            found.append(change)
        found.reverse()
        return found

    # -- writing

    def create(self, obj: Manifest, *, uid: str = "") -> Manifest:
        """`uid` is for who has to know it beforehand (a Job's labels carry it); else a fresh one."""
        gk, key = group_kind(obj), key_of(obj)
        if key in self._objects[gk]:
            raise Exists(f"{gk[1]} {key[1]} already exists")
        metadata = {
            **obj["metadata"],
            "uid": uid or str(uuid.uuid4()),
            "creationTimestamp": now(),
        }
        metadata.pop("generation", None)
        if has_generation(gk):
            metadata["generation"] = 1
        return self._write("ADDED", {**obj, "metadata": metadata}, None)

    def put(self, obj: Manifest, *, expect_version: str | None = None) -> Manifest:
        """Replace. Nothing is written and nobody is told when nothing changed.

        An object that was marked for deletion and has no finalizer left is removed instead, and returned.
        """
        gk, key = group_kind(obj), key_of(obj)
        current = self._objects[gk].get(key)
        if current is None:
            raise Missing(f"{gk[1]} {key[1]} not found")
        before = current["metadata"]
        if expect_version is not None and expect_version != before["resourceVersion"]:
            raise StaleVersion(f"{gk[1]} {key[1]} is at {before['resourceVersion']}, not at {expect_version}")
        if obj["metadata"].get("uid", before["uid"]) != before["uid"]:
            raise StaleVersion(f"{gk[1]} {key[1]} is another object of the same name")
        metadata = {
            **obj["metadata"],
            "uid": before["uid"],
            "creationTimestamp": before["creationTimestamp"],
            "resourceVersion": before["resourceVersion"],
        }
        for kept in ("deletionTimestamp", "deletionGracePeriodSeconds"):
            metadata.pop(kept, None)
            if kept in before:
                metadata[kept] = before[kept]
        metadata.pop("generation", None)
        if "generation" in before:
            metadata["generation"] = before["generation"] + (obj.get("spec") != current.get("spec"))
        fresh = {**obj, "metadata": metadata}
        if is_over(fresh):
            return self._remove(fresh)
        if fresh == current:
            return current
        return self._write("MODIFIED", fresh, current)

    def delete(
        self,
        gk: GroupKind,
        namespace: str,
        name: str,
        *,
        grace: int = 0,
        propagation: str | None = None,
        expect_version: str | None = None,
    ) -> Manifest:
        """Remove, or only mark with a deletionTimestamp while finalizers or a grace period hold it.

        A marked object goes away when a `put` takes its last finalizer, or for a grace period, with a second
        `delete` with grace 0 (what a kubelet does when the pod has stopped). `propagation` "Foreground" and
        "Orphan" add the finalizer that the garbage collector works off. Returns the object as it is after.
        """
        current = self._objects[gk].get((namespace, name))
        if current is None:
            raise Missing(f"{gk[1]} {name} not found")
        if expect_version is not None and expect_version != current["metadata"]["resourceVersion"]:
            raise StaleVersion(f"{gk[1]} {name} is at {current['metadata']['resourceVersion']}")
        metadata = dict(current["metadata"])
        finalizers = list(metadata.get("finalizers", ()))
        if (added := PROPAGATION_FINALIZERS.get(propagation or "")) and added not in finalizers:
            finalizers.append(added)
        if finalizers:
            metadata["finalizers"] = finalizers
        if "deletionTimestamp" not in metadata:
            metadata["deletionTimestamp"] = now()
            metadata["deletionGracePeriodSeconds"] = grace
            if "generation" in metadata:
                metadata["generation"] += 1
        else:
            metadata["deletionGracePeriodSeconds"] = min(grace, metadata.get("deletionGracePeriodSeconds", 0))
        marked = {**current, "metadata": metadata}
        if gk == ("", "Namespace"):
            marked["status"] = {**current.get("status", {}), "phase": "Terminating"}
        if is_over(marked):
            return self._remove(marked)
        return current if marked == current else self._write("MODIFIED", marked, current)

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Tell about every change from now on, in order; a callback may write (that is told afterwards)."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def close(self) -> None:
        if self._journal:
            self._journal.close()
            self._journal = None

    # -- the inside

    def _write(self, kind: ChangeKind, obj: Manifest, previous: Manifest | None) -> Manifest:
        version = self.version + 1
        obj["metadata"]["resourceVersion"] = str(version)
        line = json.dumps({"v": version, "object": obj}, separators=(",", ":"))
        if self._journal:
            self._journal.append(line)
        kept: Manifest = json.loads(line)["object"]  # the copy that nobody outside holds
        if previous is not None:
            share(kept, previous)
        self._apply(Change(version, kind, kept, previous))
        self._tell(kind, kept)
        return kept

    def _remove(self, obj: Manifest) -> Manifest:
        version = self.version + 1
        previous = self._objects[group_kind(obj)][key_of(obj)]
        obj["metadata"]["resourceVersion"] = str(version)
        line = json.dumps({"v": version, "removed": obj}, separators=(",", ":"))
        if self._journal:
            self._journal.append(line)
        last: Manifest = json.loads(line)["removed"]
        self._apply(Change(version, "DELETED", last, previous))
        self._tell("DELETED", last)
        return last

    def _apply(self, change: Change) -> None:
        gk, key, uid = group_kind(change.object), key_of(change.object), change.object["metadata"]["uid"]
        if change.kind == "DELETED":
            self._objects[gk].pop(key, None)
            self._by_uid.pop(uid, None)
        else:
            self._objects[gk][key] = change.object
            self._by_uid[uid] = change.object
        self.version = change.version
        history = self._history[gk]
        history.append(change)
        if len(history) > HISTORY:
            self._forgotten[gk] = history.popleft().version

    def _tell(self, kind: ChangeKind, obj: Manifest) -> None:
        self._pending.append((kind, obj))
        if self._telling:
            return
        self._telling = True
        try:
            while self._pending:
                told = self._pending.popleft()
                for callback in tuple(self._subscribers):
                    callback(*told)
        finally:
            self._telling = False
        if self._journal and self._journal.lines > COMPACT_AFTER + len(self._by_uid):
            self._journal.replace(self._snapshot())

    def _load(self, journal: Journal) -> None:
        for entry in journal.read():
            if obj := entry.get("object") or entry.get("removed"):
                if entry.get("snapshot"):
                    self._objects[group_kind(obj)][key_of(obj)] = obj
                    self._by_uid[obj["metadata"]["uid"]] = obj
                    continue
                previous = self._objects[group_kind(obj)].get(key_of(obj))
                kind: ChangeKind = "DELETED" if "removed" in entry else "MODIFIED" if previous else "ADDED"
                self._apply(Change(entry["v"], kind, obj, previous))
            else:
                self.version = self._oldest = entry["v"]
        journal.replace(self._snapshot())

    def _snapshot(self) -> Iterator[str]:
        yield json.dumps({"v": self.version})
        for obj in self._by_uid.values():
            yield json.dumps({"snapshot": True, "object": obj}, separators=(",", ":"))


def has_generation(gk: GroupKind) -> bool:
    group, kind = gk
    if kind in NO_GENERATION_KINDS or group in WITHOUT_GENERATION:
        return False
    return group in WITH_GENERATION or "." in group


def is_over(obj: Manifest) -> bool:
    """Marked for deletion, and nothing holds it any more."""
    metadata = obj["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return False
    if metadata.get("deletionGracePeriodSeconds"):
        return False
    # a Namespace is held by its spec until the namespace controller has emptied it
    return not (obj["kind"] == "Namespace" and (obj.get("spec") or {}).get("finalizers"))
