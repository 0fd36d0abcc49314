"""The process: takes shards, keeps their streams, tells the rollouts."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from uuid import UUID

import structlog
from django.db import close_old_connections, connections

from apps.clusters.models import Cluster
from apps.clusters.services import connect, shards
from apps.clusters.services.shards import Shard
from apps.core import scopes
from apps.rollouts.services.observing import observe_pods
from apps.rollouts.services.watching import noticed
from slipway.ports import clusters as port
from slipway.watcher.gathering import Gathered, Gatherer
from slipway.watcher.interests import Interest, InterestReader
from slipway.watcher.kinship import Change
from slipway.watcher.presence import Presence
from slipway.watcher.reachability import ReachabilityChecks
from slipway.watcher.shards import ShardWatch

log = structlog.get_logger(__name__)

PODS_APART_SECONDS = 0.04  # between two tellings of one target's pods; the first waits for nothing
MOST_STREAMS = 400  # threads; what is beyond is left to other watchers and to polling


class Watcher:
    def __init__(self, *, holder: str = "", most_streams: int = MOST_STREAMS) -> None:
        self.holder = holder or f"{socket.gethostname()[:80]}.{os.getpid()}.{secrets.token_hex(3)}"
        self._most_streams = most_streams
        self._watches: dict[UUID, ShardWatch] = {}
        self._interests: dict[UUID, Interest] = {}
        self._reader = InterestReader()
        self._presence = Presence(self.holder)
        self._gatherer = Gatherer(self._deliver)
        self._pods = Gatherer(self._show, first_seconds=0.0, apart_seconds=PODS_APART_SECONDS)
        self._checks = ReachabilityChecks(came_back=self._all_of)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """From a signal handler or another thread."""
        self._stopping.set()

    def run(self, *, ready: Callable[[], None] = lambda: None) -> None:
        """Until `stop`. Whatever a round stumbles over, the next one tries again."""
        tellers = [
            threading.Thread(target=self._gatherer.run, name="teller", daemon=True),
            threading.Thread(target=self._pods.run, name="teller of pods", daemon=True),
        ]
        for teller in tellers:
            teller.start()
        told = False
        try:
            while not self._stopping.is_set():
                close_old_connections()
                try:
                    self.round()
                    if not told:
                        told = True
                        ready()
                except Exception:
                    # PostgreSQL is away, say. Streams go on; a lease that runs out meanwhile goes to another.
                    log.exception("round_failed")
                self._stopping.wait(shards.LOOK.total_seconds())
        finally:
            self._leave()
            for teller in tellers:
                teller.join(timeout=3)

    def round(self) -> None:
        """Renews, shares, takes; then brings every shard's streams up to date."""
        watchers = self._presence.beat()
        shards.ensure_shards()
        kept = shards.renew(self.holder, [watch.shard for watch in self._watches.values()])
        for identifier in set(self._watches) - kept:
            log.warning("shard_lost", shard=str(identifier))
            self._watches.pop(identifier).end()
        self._share(watchers)
        self._interests = self._reader.read({watch.shard.cluster_id for watch in self._watches.values()})
        room = self._most_streams
        for watch in self._watches.values():
            watch.follow(self._interests.get(watch.shard.cluster_id, Interest()), most=room)
            room -= watch.streams

    def _share(self, watchers: int) -> None:
        """An equal part each: what is too much is given up, what is free is taken."""
        standing = shards.standing(self.holder)
        part = -(-standing.total // max(watchers, len(standing.holders | {self.holder})))
        surplus = [watch.shard for watch in list(self._watches.values())[part:]]
        if surplus:
            for shard in surplus:
                self._watches.pop(shard.id).end()
            shards.give_up(self.holder, surplus)
            log.info("shards_shared", given=len(surplus), kept=len(self._watches))
        for shard in shards.take(self.holder, most=part - len(self._watches)):
            self._watches[shard.id] = self._watch(shard)
            log.info("shard_taken", cluster=str(shard.cluster_id), kinds=str(shard.kinds), fence=shard.fence)

    def _watch(self, shard: Shard) -> ShardWatch:
        return ShardWatch(
            shard, gatherer=self._gatherer, pods=self._pods, connect=_connect, heard=self._checks.heard
        )

    def _deliver(self, cluster_id: UUID, moved: Mapping[UUID, Gathered]) -> None:
        """On the teller's thread."""
        organization_id = self._organization_of(cluster_id)
        if organization_id is None:
            return
        close_old_connections()
        try:
            noticed(
                organization_id,
                cluster_id,
                {key for gathered in moved.values() for key in gathered.keys},
                targets=list(moved),
                edited={key for gathered in moved.values() for key in gathered.edited},
            )
        except Exception:
            # The rollouts look by themselves before long.
            log.exception("notice_lost", cluster=str(cluster_id))
            connections.close_all()

    def _show(self, cluster_id: UUID, moved: Mapping[UUID, Gathered]) -> None:
        """To whoever looks on, at once. On a thread of its own."""
        organization_id = self._organization_of(cluster_id)
        if organization_id is None:
            return
        close_old_connections()
        try:
            for target_id, gathered in moved.items():
                observe_pods(organization_id, target_id, list(gathered.pods.values()), gone=gathered.gone)
        except Exception:
            # The worker looks as well, a little later.
            log.exception("pods_not_shown", cluster=str(cluster_id))
            connections.close_all()

    def _all_of(self, cluster_id: UUID) -> None:
        """The cluster answers again: whoever waited for that looks now."""
        interest = self._interests.get(cluster_id)
        if interest is not None:
            self._gatherer.put(cluster_id, [Change(target, key) for key, target in interest.keys.items()])

    def _organization_of(self, cluster_id: UUID) -> UUID | None:
        for watch in list(self._watches.values()):
            if watch.shard.cluster_id == cluster_id:
                return watch.shard.organization_id
        return None

    def _leave(self) -> None:
        for watch in self._watches.values():
            watch.end()
        self._checks.end()
        self._gatherer.end()
        self._pods.end()
        self._presence.leave()
        try:
            shards.give_up(self.holder, [watch.shard for watch in self._watches.values()])
        except Exception:
            log.exception("shards_left_to_run_out")
        connections.close_all()


def _connect(organization_id: UUID, cluster_id: UUID) -> port.Cluster:
    """From streams' threads, so the connection to the database is closed again at once."""
    try:
        with scopes.organization(organization_id):
            row: Cluster = Cluster.objects.get(id=cluster_id)
        return connect(row)
    finally:
        connections.close_all()
