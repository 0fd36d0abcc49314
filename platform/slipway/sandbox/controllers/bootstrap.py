"""What a cluster has before anybody deploys to it: namespaces, nodes, a storage class."""

from __future__ import annotations

from slipway.sandbox.controllers.control import Control
from slipway.sandbox.store import Manifest, group_kind

NODES = ("sandbox-1", "sandbox-2", "sandbox-3")
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
STORAGE_CLASS = "standard"
PROVISIONER = "sandbox.slipway.dev/simulated"
CAPACITY = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "500Gi", "pods": "500"}


def ensure(control: Control) -> None:
    for obj in (*map(_namespace, NAMESPACES), *(_node(control, name) for name in NODES), _storage_class()):
        if control.store.get(group_kind(obj), "", obj["metadata"]["name"]) is None:
            control.store.create(obj)


def _namespace(name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _node(control: Control, name: str) -> Manifest:
    now = control.clock.stamp()
    address = f"10.99.0.{name.rpartition('-')[2]}"
    conditions = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "this node is simulated; nothing runs on it"),
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "beta.kubernetes.io/os": "linux",
                "beta.kubernetes.io/arch": "amd64",
            },
        },
        "spec": {},
        "status": {
            "capacity": dict(CAPACITY),
            "allocatable": dict(CAPACITY),
            "addresses": [
                {"type": "InternalIP", "address": address},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [
                {
                    "type": kind,
                    "status": status,
                    "reason": reason,
                    "message": message,
                    "lastHeartbeatTime": now,
                    "lastTransitionTime": now,
                }
                for kind, status, reason, message in conditions
            ],
            "nodeInfo": {
                "machineID": "",
                "systemUUID": "",
                "bootID": "",
                "kernelVersion": "simulated",
                "osImage": "Slipway sandbox",
                "containerRuntimeVersion": "simulated://1",
                "kubeletVersion": "v1.34.0+sandbox",
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }


def _storage_class() -> Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    }
