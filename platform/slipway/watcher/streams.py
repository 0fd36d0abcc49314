"""One watch: one kind, in one namespace or in the whole cluster, on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from slipway.ports.clusters import (
    Cluster,
    ClusterError,
    Listing,
    NotServed,
    Unauthorized,
    WatchEvent,
    WatchExpired,
    WatchKind,
)
from slipway.watcher.backoff import Backoff
from slipway.watcher.kinds import EVENT, POD

log = structlog.get_logger(__name__)

WATCH_SECONDS = 30  # then it is asked anew from where it was: bounds how long a given-up stream lingers
_NOT_SERVED_SECONDS = 30.0
_REFUSED_SECONDS = 60.0

# Watched whole. Of all else the metadata says enough: that it moved. Pods are listed by their metadata all the same,
# since a listing holds all of them at once.
_WHOLE = frozenset({EVENT, POD})


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What one stream follows. Namespace "" is the whole cluster."""

    group: str
    kind: str
    namespace: str = ""


class Listener(Protocol):
    """Called from the stream's thread."""

    def listed(self, place: Place, listing: Listing) -> None: ...

    def changed(self, place: Place, event: WatchEvent) -> None: ...

    def answered(self, place: Place) -> None:
        """The cluster answers (again)."""

    def failed(self, place: Place, error: ClusterError) -> None: ...


class Stream(threading.Thread):
    """List once, then watch for ever: bookmarks move the version on, 410 lists again, trouble backs off.

    Ends at the next thing that comes after `give_up`, at the latest with the running watch; what it hears until
    then is dropped. A daemon, because a thread that waits on a socket cannot be interrupted.
    """

    def __init__(
        self,
        connect: Callable[[], Cluster],
        place: Place,
        listener: Listener,
    ) -> None:
        super().__init__(name=f"watch {place.kind} {place.namespace or '*'}", daemon=True)
        self.place = place
        self._connect = connect
        self._listener = listener
        self._given_up = threading.Event()
        self._backoff = Backoff()
        self._version = ""

    def give_up(self) -> None:
        self._given_up.set()

    def run(self) -> None:
        while not self._given_up.is_set():
            try:
                pause = self._once()
            except Exception:
                # A stream that dies silently would be missed by nobody: its changes would just come late.
                log.exception("stream_failed", kind=self.place.kind)
                self._version, pause = "", self._backoff.next_seconds()
            if pause:
                self._given_up.wait(pause)

    def _once(self) -> float:
        """One listing or one watch. Answers how long to wait before the next."""
        try:
            cluster = self._connect()
            if not self._version:
                self._list(cluster)
            if not self._follow(cluster):
                # It ended before it said anything: a proxy that cuts watches, or a server on its way down.
                return self._backoff.next_seconds()
            self._backoff.forget()
        except WatchExpired:
            self._version = ""
            log.info("watch_expired", kind=self.place.kind, namespace=self.place.namespace)
            return self._backoff.next_seconds() if self._backoff.failures else 0.0
        except NotServed:
            return _NOT_SERVED_SECONDS
        except Unauthorized as error:
            self._version = ""
            self._report(error)
            return _REFUSED_SECONDS * (1.0 if error.status == 403 else 0.25)
        except ClusterError as error:
            # Listed again when it answers: that says at once that it does, and what moved meanwhile.
            self._version = ""
            self._report(error)
            return self._backoff.next_seconds()
        return 0.0

    def _list(self, cluster: Cluster) -> None:
        place = self.place
        listing = cluster.list(
            place.group,
            place.kind,
            namespace=place.namespace,
            metadata_only=(place.group, place.kind) != EVENT,
        )
        if not self._given_up.is_set():
            self._listener.answered(place)
            self._listener.listed(place, listing)
        self._version = listing.resource_version

    def _follow(self, cluster: Cluster) -> bool:
        """True when the watch was worth its name: it brought something, or lasted."""
        place = self.place
        started = time.monotonic()
        brought = False
        for event in cluster.watch(
            place.group,
            place.kind,
            namespace=place.namespace,
            resource_version=self._version,
            timeout_seconds=WATCH_SECONDS,
            metadata_only=(place.group, place.kind) not in _WHOLE,
        ):
            if self._given_up.is_set():
                return True
            if not brought:
                brought = True
                self._listener.answered(place)
            if event.kind is not WatchKind.BOOKMARK:
                self._listener.changed(place, event)
            self._version = event.resource_version
        return brought or time.monotonic() - started > 1.0

    def _report(self, error: ClusterError) -> None:
        if not self._given_up.is_set():
            self._listener.failed(self.place, error)


def places_of(
    kinds: Iterable[tuple[str, str]], namespaces: Iterable[str], *, narrow: set[tuple[str, str]]
) -> list[Place]:
    """Cluster-wide, but for the kinds that we may follow only namespace by namespace."""
    inside = sorted(namespaces)
    return [
        Place(group, kind, namespace)
        for group, kind in kinds
        for namespace in (inside if (group, kind) in narrow else [""])
    ]
