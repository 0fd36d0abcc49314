"""One write to the cluster, safe against a crash before, during and after it, and against a worker that lost its lease.

Updates and deletes name the object they saw (uid, and resourceVersion), so a fenced-out worker changes nothing. What
it could still create carries the attempt that made it, by which `cleaning` finds it.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.rollouts.models import JournalEntry
from apps.rollouts.services.concealing import Conceal
from apps.rollouts.services.leases import Lease
from slipway.engine.diff import owners, value_at
from slipway.engine.manifests import PreparedObject, is_bare_namespace, with_attempt
from slipway.engine.manifests.prepare import ATTEMPT, OWNER
from slipway.engine.manifests.unrolling import owning_first, stops_rolling
from slipway.engine.objects import (
    Manifest,
    ObjectKey,
    annotations_of,
    is_terminating,
    resource_version_of,
    uid_of,
)
from slipway.engine.plans import Verb
from slipway.ports.clusters import (
    Cluster,
    NamespaceMissing,
    NotServed,
    OwnedByOthers,
    Precondition,
    Propagation,
    Refused,
    Stale,
)

_STALE_TRIES = 5


class OutOfTime(Exception):
    """Too little of the lease is left for a request. The next pass goes on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a write came. All empty: it is done."""

    refused: str = ""
    conflict: str = ""
    waiting: str = ""  # an object is being deleted first
    namespace_gone: str = ""  # the target's, or it is going: what is written in it would go with it
    written: int | None = None  # of a whole step: how many objects, None where it came to none


_DONE = Outcome()


@dataclass(frozen=True, slots=True)
class Writer:
    cluster: Cluster
    manager: str
    lease: Lease
    number: int  # the rollout's
    namespace: str  # the target's
    forces: bool  # a way back takes its objects as it finds them
    conceal: Conceal

    def write(self, item: PreparedObject, entry: JournalEntry) -> Outcome:
        """Sets `entry.uid` to that of the object that stands there now. Raises OutOfTime, Unreachable, Unauthorized."""
        label = item.key.label
        try:
            outcome = self._write(item, entry)
            gone = self.namespace_gone(item.key.namespace) if outcome.conflict else ""
            return Outcome(namespace_gone=gone) if gone else outcome
        except Refused as error:
            if error.reason == "NamespaceTerminating":
                if gone := self.namespace_gone(item.key.namespace):
                    return Outcome(namespace_gone=gone)
                return Outcome(waiting=f"the namespace {item.key.namespace} is being deleted first")
            return Outcome(refused=f"{label} was refused: {error.sentence}")
        except (OwnedByOthers, NamespaceMissing, NotServed) as error:
            if isinstance(error, NamespaceMissing) and (gone := self.namespace_gone(item.key.namespace)):
                return Outcome(namespace_gone=gone)
            return Outcome(refused=f"{label} was refused: {error.sentence}")
        except Stale as error:
            return Outcome(conflict=f"{label} keeps changing under us: {error.sentence}")

    def namespace_gone(self, namespace: str) -> str:
        """Why nothing can be written in the target's namespace, "" when it stands or is another one."""
        if namespace != self.namespace:
            return ""
        self._check_time()
        return why_gone(self.cluster, namespace)

    def prune(self, key: ObjectKey, entry: JournalEntry) -> Outcome:
        self._check_time()
        try:
            self.cluster.delete(key, precondition=Precondition(entry.uid), propagation=Propagation.BACKGROUND)
        except Stale:
            return _DONE  # another object of that name: not the one we put there
        except (Refused, NotServed) as error:
            return Outcome(refused=f"{key.label} could not be deleted: {error.sentence}")
        return _DONE

    def _write(self, item: PreparedObject, entry: JournalEntry) -> Outcome:
        if entry.verb == Verb.CHANGE and entry.before_version and not _changes_way(entry):
            try:
                # Nothing moved since the check, most of the time: one request instead of two.
                self._send(item, item.manifest, entry, Precondition(entry.uid, entry.before_version))
            except Stale:
                pass
            else:
                return _DONE
        for attempt in range(_STALE_TRIES):
            self._check_time()
            live = self.cluster.read(item.key)
            if live is not None and is_terminating(live):
                return Outcome(waiting=f"{item.key.label} is being deleted first")
            if live is not None and entry.verb == Verb.REPLACE and uid_of(live) == entry.uid:
                self.cluster.delete(
                    item.key, precondition=Precondition(entry.uid), propagation=Propagation.BACKGROUND
                )
                return Outcome(waiting=f"{item.key.label} is replaced: the old one goes first")
            if conflict := self._conflict(item, live, entry):
                return Outcome(conflict=conflict)
            if live is None:
                self._send(item, self._marked(item), entry, None)
                return _DONE
            if is_bare_namespace(item):
                entry.uid = uid_of(live)
                return _DONE
            manifest = with_attempt(item.manifest, annotations_of(live).get(ATTEMPT))
            if item.autoscaled and "replicas" in manifest.get("spec", {}):
                manifest = {**manifest, "spec": {**manifest["spec"], "replicas": live["spec"]["replicas"]}}
            try:
                if stops_rolling(manifest, live):
                    live = self._owned_first(live)
                self._send(item, manifest, entry, Precondition(uid_of(live), resource_version_of(live)))
            except Stale:
                if attempt == _STALE_TRIES - 1:
                    raise
            else:
                return _DONE
        raise AssertionError("unreachable")

    def _owned_first(self, live: Manifest) -> Manifest:
        """Killed after it, the object is as it was, and the next worker finds the rest of the way."""
        manifest = owning_first(live, self.manager)
        if manifest is None:
            return live
        self._check_time()
        seen = Precondition(uid_of(live), resource_version_of(live))
        return self.cluster.apply(manifest, manager=self.manager, force=True, precondition=seen)

    def _send(
        self, item: PreparedObject, manifest: Manifest, entry: JournalEntry, precondition: Precondition | None
    ) -> None:
        self._check_time()
        answer = self.cluster.apply(manifest, manager=self.manager, force=True, precondition=precondition)
        entry.uid = uid_of(answer)

    def _marked(self, item: PreparedObject) -> Manifest:
        if is_bare_namespace(item):
            return item.manifest
        return with_attempt(item.manifest, f"{self.number}.{self.lease.fence}")

    def _conflict(self, item: PreparedObject, live: Manifest | None, entry: JournalEntry) -> str:
        """The object is at its before or at its after, or somebody else works on it: who, and on what."""
        label = item.key.label
        if live is None:
            gone = entry.verb == Verb.CHANGE and not self.forces
            return f"{label} is gone: somebody deleted it after the plan was checked" if gone else ""
        if is_bare_namespace(item):
            return ""
        mark = annotations_of(live).get(OWNER)
        if mark != item.manifest["metadata"]["annotations"][OWNER] and not entry.uid:
            return f"{label} was made meanwhile by somebody else"
        made_here = annotations_of(live).get(ATTEMPT, "").partition(".")[0] == str(self.number)
        if entry.verb in {Verb.CREATE, Verb.REPLACE}:
            return "" if made_here or self.forces else f"{label} appeared after the plan was checked"
        if self.forces:
            return ""
        if uid_of(live) != entry.uid:
            return f"{label} is another object than the one that was checked"
        shown = self.conceal.object(live)
        for change in entry.changes:
            value = value_at(shown, change["path"])
            if value not in (change["before"], change["after"]):
                return f"{change['path']} of {label} was changed by {_writers(live, change['path'], self.manager)}"
        return ""

    def _check_time(self) -> None:
        if not self.lease.has_time():
            raise OutOfTime


def why_gone(cluster: Cluster, namespace: str) -> str:
    live = cluster.read(ObjectKey("", "Namespace", "", namespace))
    if live is None:
        return f"the namespace {namespace} is gone"
    return f"the namespace {namespace} is being deleted" if is_terminating(live) else ""


def _changes_way(entry: JournalEntry) -> bool:
    """Whether it may be one of those that take two writes."""
    return any(
        change["path"].startswith(("spec.strategy", "spec.updateStrategy")) for change in entry.changes
    )


def _writers(live: Manifest, path: str, manager: str) -> str:
    """Who owns the field now, other than us."""
    found = sorted(
        {entry.manager for entry in owners(live) if path in entry.paths and entry.manager != manager}
    )
    return ", ".join(found) or "somebody else"
