"""On a real cluster: which namespaces the demo made, so that they can be listed, and removed by `--reset`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from slipway.embedded.clusters import ChosenCluster
from slipway.embedded.data import write_private
from slipway.embedded.errors import CannotStart
from slipway.engine.objects import ObjectKey
from slipway.ports import clusters as port

_GONE_SECONDS = 120.0


class NamespaceNote:
    """`{"kubeconfig": path, "server": address, "namespaces": [names]}` in the data folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def kubeconfig(self) -> Path | None:
        """The cluster this data folder's demo is on; None: the sandbox, or no demo yet."""
        named = self._read().get("kubeconfig")
        return Path(str(named)) if named else None

    @property
    def names(self) -> list[str]:
        found = self._read().get("namespaces")
        return [str(name) for name in found] if isinstance(found, list) else []

    def write(self, cluster: ChosenCluster, names: Sequence[str]) -> None:
        """Before the first of them is made. CannotStart when one is there already: it would not be ours."""
        fresh = [name for name in names if name not in self.names]
        if not fresh:
            return
        known = _connect(cluster).observe([_key(name) for name in fresh]).objects
        if there := [key.name for key, live in known.items() if live is not None]:
            raise CannotStart(
                f"The cluster has a namespace {there[0]} already, which this demo did not make."
            )
        server = _access(cluster).server
        content = {
            "kubeconfig": str(cluster.kubeconfig),
            "server": server,
            "namespaces": [*self.names, *fresh],
        }
        write_private(self._path, json.dumps(content, indent=1))

    def remove(self, cluster: ChosenCluster) -> list[str]:
        """Answers those that were there. Returns once they are gone."""
        if not self.names:
            return []
        if _access(cluster).server != self._read().get("server"):
            raise CannotStart(
                f"This data folder's demo is on {self._read().get('server')}, and {cluster.kubeconfig} names "
                "another cluster. Name the right one with --kubeconfig."
            )
        connected = _connect(cluster)
        keys = [_key(name) for name in self.names]
        try:
            removed = [
                key.name
                for key in keys
                if connected.delete(key, precondition=None, propagation=port.Propagation.BACKGROUND)
            ]
            deadline = time.monotonic() + _GONE_SECONDS
            while any(connected.observe(keys).objects.values()):
                if time.monotonic() > deadline:
                    raise CannotStart(
                        f"The namespaces {', '.join(self.names)} are still going away; try again."
                    )
                time.sleep(0.5)
        except port.ClusterError as error:
            raise CannotStart(f"The namespaces were not removed: {error.sentence}") from error
        self._path.unlink()
        return removed

    def _read(self) -> dict[str, object]:
        try:
            found: dict[str, object] = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return found


def _connect(cluster: ChosenCluster) -> port.Cluster:
    from slipway.adapters.kubernetes import KubernetesClusters

    # No Secret is read here, so the key that hides their values matters to nobody.
    return KubernetesClusters(networks=cluster.networks, redaction_key=b"demo").connect(
        "demo", _access(cluster)
    )


def _access(cluster: ChosenCluster) -> port.Access:
    from slipway.adapters.kubernetes.kubeconfig import parse_kubeconfig

    return parse_kubeconfig(cluster.kubeconfig.read_text())


def _key(name: str) -> ObjectKey:
    return ObjectKey("", "Namespace", "", name)
