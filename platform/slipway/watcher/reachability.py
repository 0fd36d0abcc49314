"""A stream that fails, or works again, makes the cluster be asked who it is; its answer is what gets written down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from django.db import close_old_connections, connections

from apps.clusters.choices import Reachability
from apps.clusters.services import check_cluster
from slipway.ports.clusters import ClusterError

log = structlog.get_logger(__name__)

_APART_SECONDS = 5.0  # twenty streams fail together


class ReachabilityChecks:
    def __init__(self, *, came_back: Callable[[UUID], None]) -> None:
        self._came_back = came_back
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="check")
        self._lock = threading.Lock()
        self._answers: dict[UUID, bool] = {}  # as the rows say, where known
        self._asked_at: dict[UUID, float] = {}

    def heard(self, organization_id: UUID, cluster_id: UUID, error: ClusterError | None) -> None:
        """From streams' threads."""
        now = time.monotonic()
        with self._lock:
            if self._answers.get(cluster_id) is (error is None):
                return
            if error is not None and now - self._asked_at.get(cluster_id, -_APART_SECONDS) < _APART_SECONDS:
                return
            self._answers[cluster_id] = error is None
            self._asked_at[cluster_id] = now
        self._pool.submit(self._check, organization_id, cluster_id, came_back=error is None)

    def end(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _check(self, organization_id: UUID, cluster_id: UUID, *, came_back: bool) -> None:
        close_old_connections()
        try:
            row = check_cluster(organization_id, cluster_id)
            answers = row.reachability == Reachability.REACHABLE
            with self._lock:
                self._answers[cluster_id] = answers
            if answers and came_back:
                self._came_back(cluster_id)
        except Exception:
            log.exception("check_failed", cluster=str(cluster_id))
            with self._lock:
                self._answers.pop(cluster_id, None)
        finally:
            connections.close_all()
