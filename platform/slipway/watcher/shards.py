"""What one process follows of one cluster."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from apps.clusters.services.shards import Shard
from slipway.engine.objects import Manifest, ObjectKey, uid_of
from slipway.ports.clusters import Cluster, ClusterError, Listing, Unauthorized, WatchEvent, WatchKind
from slipway.watcher.gathering import Gatherer
from slipway.watcher.interests import Interest
from slipway.watcher.kinds import EVENT, POD, GroupKind, kinds_of
from slipway.watcher.kinship import Change, Kinship
from slipway.watcher.streams import Place, Stream, places_of

log = structlog.get_logger(__name__)

_RIGHTS_SECONDS = 600.0  # how long a refusal to watch the whole cluster is believed

_OF_A_POD = ("uid", "name", "resourceVersion", "deletionTimestamp")

Connect = Callable[[UUID, UUID], Cluster]
Heard = Callable[[UUID, UUID, ClusterError | None], None]
"""(organization, cluster, what it ended with; None: it answers)"""


class ShardWatch:
    """Its streams follow what `follow` was told last."""

    def __init__(
        self, shard: Shard, *, gatherer: Gatherer, pods: Gatherer, connect: Connect, heard: Heard
    ) -> None:
        self.shard = shard
        self._gatherer = gatherer
        self._pods = pods
        self._connect = connect
        self._heard = heard
        self._interest = Interest()
        self._kinship = Kinship(lambda: self._interest)
        self._streams: dict[Place, Stream] = {}
        self._narrow: set[GroupKind] = set()  # not to be followed cluster-wide
        self._left_out: set[GroupKind] = set()  # cluster-scoped and forbidden: polled
        self._forbidden: set[Place] = set()
        self._asked_widely_at = time.monotonic()
        self._access_changed_at: datetime | None = None
        self._cluster: Cluster | None = None

    @property
    def streams(self) -> int:
        return len(self._streams)

    def follow(self, interest: Interest, *, most: int) -> None:
        """Starts what is missing, gives up what is too much. At most `most` streams; what is beyond is polled."""
        fresh = interest.namespaces - self._interest.namespaces
        self._interest = interest
        if interest.access_changed_at != self._access_changed_at:
            self._access_changed_at = interest.access_changed_at
            self._cluster = None
            self._ask_widely()
            self.end()
        elif time.monotonic() - self._asked_widely_at > _RIGHTS_SECONDS:
            self._ask_widely()
        wanted: list[Place] = []
        if interest.targets:
            kinds = [kind for kind in kinds_of(self.shard.kinds, interest.keys) if kind not in self._left_out]
            wanted = places_of(kinds, interest.namespaces, narrow=self._narrow)
        if len(wanted) > most:
            log.warning("too_many_watches", cluster=str(self.shard.cluster_id), wanted=len(wanted), most=most)
            wanted = wanted[:most]
        kept = set(wanted)
        for place in [place for place in self._streams if place not in kept]:
            self._streams.pop(place).give_up()
        standing = list(self._streams)
        for place in wanted:
            if place not in self._streams:
                self._streams[place] = stream = Stream(self._open, place, self)
                stream.start()
        if fresh and standing:
            # These were not listened to in the namespaces that are new.
            threading.Thread(target=self._catch_up, args=(standing, fresh), daemon=True).start()

    def _ask_widely(self) -> None:
        """Rights may have grown: try the whole cluster again."""
        self._narrow.clear()
        self._left_out.clear()
        self._forbidden.clear()
        self._asked_widely_at = time.monotonic()

    def end(self) -> None:
        for stream in self._streams.values():
            stream.give_up()
        self._streams.clear()

    def _open(self) -> Cluster:
        """Asks the database once for all streams; two that ask at the same time get the same pool."""
        if self._cluster is None:
            self._cluster = self._connect(self.shard.organization_id, self.shard.cluster_id)
        return self._cluster

    def _catch_up(self, places: list[Place], namespaces: frozenset[str]) -> None:
        try:
            cluster = self._open()
            for place in places:
                if place.namespace or (place.group, place.kind) == EVENT:
                    continue
                for namespace in sorted(namespaces):
                    listing = cluster.list(place.group, place.kind, namespace=namespace, metadata_only=True)
                    self.listed(Place(place.group, place.kind, namespace), listing)
        except ClusterError as error:
            log.info("catch_up_left_to_polling", sentence=error.sentence)

    # What streams tell, each on its own thread.

    def answered(self, place: Place) -> None:
        self._heard(self.shard.organization_id, self.shard.cluster_id, None)

    def listed(self, place: Place, listing: Listing) -> None:
        if (place.group, place.kind) == EVENT:
            return  # what they are about was listed as well

        def inside(key: ObjectKey) -> bool:
            at_home = not place.namespace or key.namespace == place.namespace
            return at_home and (key.group, key.kind) == (place.group, place.kind)

        items = [(item, ObjectKey.of(item)) for item in listing.items]
        self._gatherer.put(self.shard.cluster_id, self._kinship.listed(items, inside=inside))

    def changed(self, place: Place, event: WatchEvent) -> None:
        if (place.group, place.kind) == EVENT:
            about = event.object.get("involvedObject") or {}
            # Normal ones accompany what the object's own watch says already.
            if event.kind is WatchKind.DELETED or event.object.get("type") != "Warning":
                return
            key = ObjectKey.of(
                {"apiVersion": about.get("apiVersion", ""), "kind": about.get("kind", ""), "metadata": about}
            )
            changes = self._kinship.about(str(about.get("uid", "")), key)
        else:
            gone = event.kind is WatchKind.DELETED
            changes = self._kinship.seen(event.object, ObjectKey.of(event.object), gone=gone)
            if changes and (place.group, place.kind) == POD:
                self._pods.put(self.shard.cluster_id, [_of_pod(changes[0], event.object, gone=gone)])
        if changes:
            self._gatherer.put(self.shard.cluster_id, changes)

    def failed(self, place: Place, error: ClusterError) -> None:
        if isinstance(error, Unauthorized) and error.status == 403:
            self._see_less(place, error)  # the cluster answers all the same
            return
        self._heard(self.shard.organization_id, self.shard.cluster_id, error)

    def _see_less(self, place: Place, error: Unauthorized) -> None:
        kind = (place.group, place.kind)
        if not place.namespace and self._is_namespaced(kind):
            self._narrow.add(kind)
            log.info("watching_by_namespace", cluster=str(self.shard.cluster_id), kind=place.kind)
        elif place not in self._forbidden:
            self._forbidden.add(place)
            log.warning("watch_forbidden", cluster=str(self.shard.cluster_id), sentence=error.sentence)
            if not place.namespace:
                self._left_out.add(kind)

    def _is_namespaced(self, kind: GroupKind) -> bool:
        served = self._open().facts().kinds.get(kind)
        return served is None or served.namespaced


def _of_pod(change: Change, pod: Manifest, *, gone: bool) -> Change:
    """With as much of the pod as its health is told by; the rest is let go."""
    if gone:
        return replace(change, gone=uid_of(pod))
    if "status" not in pod:
        return change  # a server that answered with metadata alone
    metadata, spec = pod["metadata"], pod.get("spec") or {}
    kept = {name: metadata[name] for name in _OF_A_POD if name in metadata}
    told = {"metadata": kept, "spec": {"nodeName": spec.get("nodeName", "")}, "status": pod["status"]}
    return replace(change, pod=told)
