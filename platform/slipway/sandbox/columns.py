"""The columns that `kubectl get` shows of each kind."""

from __future__ import annotations

from typing import NamedTuple

from slipway.sandbox import cells
from slipway.sandbox.cells import Cell
from slipway.sandbox.scale import selector_text


class Column(NamedTuple):
    name: str
    cell: Cell
    wide: bool = False
    type: str = "string"


NAME = Column("Name", lambda obj: obj["metadata"]["name"])
AGE = Column("Age", cells.age)


_TEMPLATE = (
    Column("Containers", cells.containers("name"), wide=True),
    Column("Images", cells.containers("image"), wide=True),
    Column("Selector", cells.selector, wide=True),
)


_WORKLOAD_NUMBERS = (
    Column("Desired", cells.number("spec.replicas"), type="integer"),
    Column("Current", cells.number("status.replicas"), type="integer"),
    Column("Ready", cells.number("status.readyReplicas"), type="integer"),
)

COLUMNS: dict[str, tuple[Column, ...]] = {
    "Pod": (
        NAME,
        Column("Ready", cells.pod_ready),
        Column("Status", cells.pod_reason),
        Column("Restarts", cells.pod_restarts),
        AGE,
        Column("IP", cells.text("status.podIP"), wide=True),
        Column("Node", cells.text("spec.nodeName"), wide=True),
        Column("Nominated Node", cells.text("status.nominatedNodeName"), wide=True),
        Column("Readiness Gates", lambda _: cells.NONE, wide=True),
    ),
    "Deployment": (
        NAME,
        Column("Ready", cells.ready_of("status.readyReplicas", "spec.replicas")),
        Column("Up-to-date", cells.number("status.updatedReplicas"), type="integer"),
        Column("Available", cells.number("status.availableReplicas"), type="integer"),
        AGE,
        *_TEMPLATE,
    ),
    "ReplicaSet": (NAME, *_WORKLOAD_NUMBERS, AGE, *_TEMPLATE),
    "ReplicationController": (NAME, *_WORKLOAD_NUMBERS, AGE, *_TEMPLATE),
    "StatefulSet": (
        NAME,
        Column("Ready", cells.ready_of("status.readyReplicas", "spec.replicas")),
        AGE,
        *_TEMPLATE[:2],
    ),
    "DaemonSet": (
        NAME,
        Column("Desired", cells.number("status.desiredNumberScheduled"), type="integer"),
        Column("Current", cells.number("status.currentNumberScheduled"), type="integer"),
        Column("Ready", cells.number("status.numberReady"), type="integer"),
        Column("Up-to-date", cells.number("status.updatedNumberScheduled"), type="integer"),
        Column("Available", cells.number("status.numberAvailable"), type="integer"),
        Column(
            "Node Selector", lambda obj: cells.joined(cells.at(obj, "spec.template.spec.nodeSelector", {}))
        ),
        AGE,
        *_TEMPLATE,
    ),
    "Job": (
        NAME,
        Column("Status", cells.job_status),
        Column("Completions", cells.job_completions),
        Column("Duration", cells.job_duration),
        AGE,
        *_TEMPLATE,
    ),
    "CronJob": (
        NAME,
        Column("Schedule", cells.text("spec.schedule")),
        Column("Timezone", cells.text("spec.timeZone")),
        Column("Suspend", lambda obj: str(bool(cells.at(obj, "spec.suspend")))),
        Column("Active", cells.count("status.active"), type="integer"),
        Column(
            "Last Schedule",
            lambda obj: (
                cells.since(last) if (last := cells.at(obj, "status.lastScheduleTime")) else cells.NONE
            ),
        ),
        AGE,
    ),
    "Service": (
        NAME,
        Column("Type", cells.text("spec.type")),
        Column("Cluster-IP", cells.text("spec.clusterIP")),
        Column("External-IP", cells.external),
        Column("Port(s)", cells.ports),
        AGE,
        Column("Selector", cells.selector, wide=True),
    ),
    "Endpoints": (NAME, Column("Endpoints", cells.endpoints), AGE),
    "EndpointSlice": (
        NAME,
        Column("AddressType", cells.text("addressType")),
        Column("Ports", lambda obj: cells.joined(port.get("port") for port in obj.get("ports") or ())),
        Column(
            "Endpoints",
            lambda obj: cells.joined(
                ip for one in obj.get("endpoints") or () for ip in one.get("addresses") or ()
            ),
        ),
        AGE,
    ),
    "Namespace": (NAME, Column("Status", cells.text("status.phase")), AGE),
    "Node": (
        NAME,
        Column("Status", cells.node_status),
        Column("Roles", lambda _: cells.NONE),
        AGE,
        Column("Version", cells.text("status.nodeInfo.kubeletVersion")),
    ),
    "ConfigMap": (
        NAME,
        Column(
            "Data", lambda obj: len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), type="integer"
        ),
        AGE,
    ),
    "Secret": (
        NAME,
        Column("Type", cells.text("type")),
        Column("Data", cells.count("data"), type="integer"),
        AGE,
    ),
    "ServiceAccount": (NAME, AGE),
    "PersistentVolumeClaim": (
        NAME,
        Column("Status", cells.text("status.phase")),
        Column("Volume", cells.text("spec.volumeName", "")),
        Column("Capacity", cells.text("status.capacity.storage", "")),
        Column("Access Modes", cells.modes),
        Column("StorageClass", cells.text("spec.storageClassName", "")),
        AGE,
    ),
    "PersistentVolume": (
        NAME,
        Column("Capacity", cells.text("spec.capacity.storage", "")),
        Column("Access Modes", cells.modes),
        Column("Reclaim Policy", cells.text("spec.persistentVolumeReclaimPolicy", "")),
        Column("Status", cells.text("status.phase")),
        Column("Claim", cells.bound_to),
        Column("StorageClass", cells.text("spec.storageClassName", "")),
        AGE,
    ),
    "StorageClass": (
        NAME,
        Column("Provisioner", cells.text("provisioner")),
        Column("ReclaimPolicy", cells.text("reclaimPolicy")),
        Column("VolumeBindingMode", cells.text("volumeBindingMode")),
        AGE,
    ),
    "Ingress": (
        NAME,
        Column("Class", cells.text("spec.ingressClassName")),
        Column("Hosts", cells.hosts),
        Column(
            "Address",
            lambda obj: cells.joined(
                one.get("ip") or one.get("hostname")
                for one in cells.at(obj, "status.loadBalancer.ingress", ())
            ).replace(cells.NONE, ""),
        ),
        Column("Ports", lambda obj: "80, 443" if cells.at(obj, "spec.tls") else "80"),
        AGE,
    ),
    "HorizontalPodAutoscaler": (
        NAME,
        Column("Reference", cells.autoscaled),
        Column("Targets", cells.targets),
        Column("MinPods", cells.number("spec.minReplicas")),
        Column("MaxPods", cells.number("spec.maxReplicas"), type="integer"),
        Column("Replicas", cells.number("status.currentReplicas"), type="integer"),
        AGE,
    ),
    "PodDisruptionBudget": (
        NAME,
        Column("Min Available", cells.text("spec.minAvailable", "N/A")),
        Column("Max Unavailable", cells.text("spec.maxUnavailable", "N/A")),
        Column("Allowed Disruptions", cells.number("status.disruptionsAllowed"), type="integer"),
        AGE,
    ),
    "NetworkPolicy": (
        NAME,
        Column(
            "Pod-Selector", lambda obj: selector_text(cells.at(obj, "spec.podSelector", {})) or cells.NONE
        ),
        AGE,
    ),
    "Event": (
        Column("Last Seen", cells.last_seen),
        Column("Type", lambda obj: obj.get("type", "")),
        Column("Reason", lambda obj: obj.get("reason", "")),
        Column("Object", cells.about),
        Column("Message", lambda obj: str(obj.get("message", "")).strip()),
    ),
    "RoleBinding": (NAME, Column("Role", cells.role), AGE),
    "ClusterRoleBinding": (NAME, Column("Role", cells.role), AGE),
    "Lease": (NAME, Column("Holder", cells.text("spec.holderIdentity", "")), AGE),
    "CustomResourceDefinition": (
        NAME,
        Column("Created At", lambda obj: obj["metadata"].get("creationTimestamp", "")),
    ),
}
