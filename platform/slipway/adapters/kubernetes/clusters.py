from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from slipway.adapters.kubernetes import addresses, kubeconfig
from slipway.adapters.kubernetes.cluster import KubernetesCluster
from slipway.adapters.kubernetes.transport import Transport
from slipway.ports.clusters import Access


class KubernetesClusters:
    """One pool per cluster; a new one when its credentials change."""

    def __init__(self, *, networks: Sequence[str], redaction_key: bytes) -> None:
        self._networks = tuple(networks)
        self._key = redaction_key
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Access, KubernetesCluster]] = {}

    def connect(self, identifier: str, access: Access) -> KubernetesCluster:
        """Resolves and judges the address when the pool is made. Raises AddressRefused, Unreachable."""
        with self._lock:
            known = self._known.get(identifier)
            if known is not None and known[0] == access:
                return known[1]
        pinned = addresses.judged_addresses(access.server, self._networks)
        cluster = KubernetesCluster(
            Transport(replace(access, addresses=pinned), pinned), redaction_key=self._key
        )
        with self._lock:
            self._known[identifier] = (access, cluster)
        return cluster

    def parse_kubeconfig(self, text: str, *, context: str = "") -> Access:
        return kubeconfig.parse_kubeconfig(text, context=context)
