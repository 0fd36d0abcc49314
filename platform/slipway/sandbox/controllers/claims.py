"""PersistentVolumeClaims: bound to a volume made for them, where their storage class is one of ours."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from slipway.sandbox.controllers.bootstrap import PROVISIONER
from slipway.sandbox.controllers.control import Control
from slipway.sandbox.store import GroupKind, Key, Manifest, group_kind

CLAIM: GroupKind = ("", "PersistentVolumeClaim")
VOLUME: GroupKind = ("", "PersistentVolume")
CLASS: GroupKind = ("storage.k8s.io", "StorageClass")
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_IN_USE = "kubernetes.io/pvc-protection"
BY = "persistentvolume-controller"


class Claims:
    name = "volume claims"

    def __init__(self, control: Control) -> None:
        self._control = control

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        gk = group_kind(obj)
        if gk == CLAIM:
            if change == "DELETED":
                self._release(obj)
            yield (obj["metadata"]["namespace"], obj["metadata"]["name"])
        elif gk == CLASS:
            for claim in self._control.store.list(CLAIM):
                yield (claim["metadata"]["namespace"], claim["metadata"]["name"])
        elif obj["kind"] == "Pod" and change != "ADDED":
            for volume in obj["spec"].get("volumes") or ():
                if name := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
                    yield (obj["metadata"]["namespace"], name)

    def reconcile(self, namespace: str, name: str) -> None:
        control = self._control
        claim = control.store.get(CLAIM, namespace, name)
        if claim is None:
            return
        if "deletionTimestamp" in claim["metadata"]:
            self._let_go(claim)
            return
        claim = self._protect(claim)
        if claim is None or (claim.get("status") or {}).get("phase") == "Bound":
            return
        wanted = claim["spec"].get("storageClassName")
        if wanted is None:
            wanted = self._default_class()
        found = control.store.get(CLASS, "", wanted) if wanted else None
        if wanted and found is None:
            message = f'storageclass.storage.k8s.io "{wanted}" not found'
            control.events.warning(claim, "ProvisioningFailed", message, by=BY)
        if found is None or found.get("provisioner") != PROVISIONER:
            if not (claim.get("status") or {}).get("phase"):
                control.status(claim, {"phase": "Pending"})
            return
        self._bind(claim, str(wanted))

    def _default_class(self) -> str | None:
        for one in self._control.store.list(CLASS):
            if (one["metadata"].get("annotations") or {}).get(_DEFAULT) == "true":
                return str(one["metadata"]["name"])
        return None

    def _protect(self, claim: Manifest) -> Manifest | None:
        def edit(fresh: Manifest) -> None:
            finalizers = fresh["metadata"].get("finalizers") or []
            if _IN_USE not in finalizers:
                fresh["metadata"]["finalizers"] = [*finalizers, _IN_USE]

        return self._control.change(claim, edit)

    def _let_go(self, claim: Manifest) -> None:
        """Only when no pod uses it any more."""
        name, namespace = claim["metadata"]["name"], claim["metadata"]["namespace"]
        for pod in self._control.store.list(("", "Pod"), namespace):
            used = [
                (volume.get("persistentVolumeClaim") or {}).get("claimName")
                for volume in pod["spec"].get("volumes") or ()
            ]
            if name in used and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
                return

        def edit(fresh: Manifest) -> None:
            left = [one for one in fresh["metadata"].get("finalizers") or () if one != _IN_USE]
            fresh["metadata"]["finalizers"] = left

        self._control.change(claim, edit)

    def _bind(self, claim: Manifest, storage_class: str) -> None:
        control, metadata = self._control, claim["metadata"]
        volume = f"pvc-{metadata['uid']}"
        requested = (claim["spec"].get("resources") or {}).get("requests") or {"storage": "1Gi"}
        modes = list(claim["spec"].get("accessModes") or ["ReadWriteOnce"])
        if control.store.get(VOLUME, "", volume) is None:
            control.store.create(
                {
                    "apiVersion": "v1",
                    "kind": "PersistentVolume",
                    "metadata": {
                        "name": volume,
                        "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
                    },
                    "spec": {
                        "capacity": dict(requested),
                        "accessModes": modes,
                        "persistentVolumeReclaimPolicy": "Delete",
                        "storageClassName": storage_class,
                        "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
                        "hostPath": {"path": f"/simulated/{volume}", "type": ""},
                        "claimRef": {
                            "apiVersion": "v1",
                            "kind": "PersistentVolumeClaim",
                            "name": metadata["name"],
                            "namespace": metadata["namespace"],
                            "uid": metadata["uid"],
                        },
                    },
                    "status": {"phase": "Bound"},
                }
            )

        def bind(fresh: Manifest) -> None:
            fresh["spec"]["volumeName"] = volume
            fresh["spec"].setdefault("storageClassName", storage_class)
            marks = fresh["metadata"].setdefault("annotations", {})
            marks["pv.kubernetes.io/bind-completed"] = "yes"
            marks["pv.kubernetes.io/bound-by-controller"] = "yes"

        bound = control.change(claim, bind)
        if bound is not None:
            control.status(
                bound, {"phase": "Bound", "accessModes": modes, "capacity": deepcopy(dict(requested))}
            )
            message = f"Successfully provisioned volume {volume}"
            control.events.normal(bound, "ProvisioningSucceeded", message, by=BY)

    def _release(self, claim: Manifest) -> None:
        volume = self._control.store.get(VOLUME, "", f"pvc-{claim['metadata']['uid']}")
        if volume is not None:
            self._control.remove(volume)
