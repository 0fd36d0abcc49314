"""The default ServiceAccount and the cluster's CA of every namespace."""

from __future__ import annotations

from collections.abc import Iterable

from slipway.sandbox.controllers.control import Control
from slipway.sandbox.store import Key, Manifest, group_kind

_ROOT_CA = "kube-root-ca.crt"


class Accounts:
    name = "service accounts"

    def __init__(self, control: Control) -> None:
        self._store = control.store

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        if obj["kind"] == "Namespace" and obj["apiVersion"] == "v1":
            yield ("", obj["metadata"]["name"])
        elif change == "DELETED" and (obj["kind"], obj["metadata"]["name"]) in (
            ("ServiceAccount", "default"),
            ("ConfigMap", _ROOT_CA),
        ):
            yield ("", obj["metadata"]["namespace"])

    def reconcile(self, namespace: str, name: str) -> None:
        del namespace
        home = self._store.get(("", "Namespace"), "", name)
        if home is None or "deletionTimestamp" in home["metadata"]:
            return
        for obj in (
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": "default", "namespace": name},
            },
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": _ROOT_CA, "namespace": name},
                "data": {"ca.crt": ""},
            },
        ):
            if self._store.get(group_kind(obj), name, obj["metadata"]["name"]) is None:  # type: ignore[index]  # literals above
                self._store.create(obj)
