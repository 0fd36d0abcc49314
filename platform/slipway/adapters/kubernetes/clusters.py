from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from slipway.adapters.kubernetes import addresses, kubeconfig
from slipway.adapters.kubernetes.cluster import KubernetesCluster
from slipway.adapters.kubernetes.transport import Transport
from slipway.ports.clusters import Access, Unreachable

_RESOLVED_SECONDS = 60  # managed clusters move to other addresses under the same name


@dataclass(slots=True)
class _Known:
    access: Access
    pinned: tuple[str, ...]
    cluster: KubernetesCluster
    resolved_at: float


class KubernetesClusters:
    """One pool per cluster; a new one when its credentials change."""

    def __init__(self, *, networks: Sequence[str], redaction_key: bytes) -> None:
        self._networks = tuple(networks)
        self._key = redaction_key
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def connect(self, identifier: str, access: Access) -> KubernetesCluster:
        """Resolves and judges the address, and again now and then. Raises AddressRefused, Unreachable."""
        with self._lock:
            known = self._known.get(identifier)
        if known is not None and known.access == access:
            if time.monotonic() - known.resolved_at < _RESOLVED_SECONDS:
                return known.cluster
        else:
            known = None
        try:
            pinned = addresses.judged_addresses(access.server, self._networks)
        except addresses.AddressRefused:
            raise
        except Unreachable:
            if known is None:
                raise
            pinned = known.pinned  # the name server is away, not the cluster
        if known is not None and set(known.pinned) == set(pinned):  # name servers change the order at will
            known.resolved_at = time.monotonic()
            return known.cluster
        cluster = KubernetesCluster(
            Transport(replace(access, addresses=pinned), pinned), redaction_key=self._key
        )
        with self._lock:
            self._known[identifier] = _Known(access, pinned, cluster, time.monotonic())
        return cluster

    def parse_kubeconfig(self, text: str, *, context: str = "") -> Access:
        return kubeconfig.parse_kubeconfig(text, context=context)
