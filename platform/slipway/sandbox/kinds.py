"""The kinds that this server serves: the built-in table, and those that CustomResourceDefinitions add."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from slipway.sandbox.schemas import Type, custom, definitions
from slipway.sandbox.store import GroupKind, Manifest, Store

CRD: GroupKind = ("apiextensions.k8s.io", "CustomResourceDefinition")
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Kind:
    group: str
    versions: tuple[str, ...]  # preferred first
    kind: str
    plural: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    status: bool = False
    scale: bool = False
    storage: str = ""  # the version objects are kept in
    types: dict[str, Type] = field(default_factory=dict, compare=False)
    definition: Manifest | None = field(default=None, compare=False)  # a custom resource's CRD

    @property
    def key(self) -> GroupKind:
        return (self.group, self.kind)

    @property
    def storage_version(self) -> str:
        return self.storage or self.versions[0]

    def api_version(self, version: str) -> str:
        return f"{self.group}/{version}" if self.group else version

    def type(self, version: str) -> Type:
        known = self.types.get(version)
        if known is None:
            known = definitions().kind(self.group, version, self.kind)
            if known is None:
                raise LookupError(f"no schema for {self.api_version(version)} {self.kind}")
            self.types[version] = known
        return known


def _table() -> Iterator[Kind]:
    everywhere: dict[str, object] = {"namespaced": False}
    core: list[tuple[str, str, dict[str, object]]] = [
        ("ConfigMap", "configmaps", {"short": ("cm",)}),
        ("Endpoints", "endpoints", {"short": ("ep",)}),
        ("Event", "events", {"short": ("ev",)}),
        ("LimitRange", "limitranges", {"short": ("limits",)}),
        ("Namespace", "namespaces", {"short": ("ns",), "status": True, **everywhere}),
        ("Node", "nodes", {"short": ("no",), "status": True, **everywhere}),
        ("PersistentVolumeClaim", "persistentvolumeclaims", {"short": ("pvc",), "status": True}),
        ("PersistentVolume", "persistentvolumes", {"short": ("pv",), "status": True, **everywhere}),
        ("Pod", "pods", {"short": ("po",), "categories": ("all",), "status": True}),
        ("PodTemplate", "podtemplates", {}),
        (
            "ReplicationController",
            "replicationcontrollers",
            {"short": ("rc",), "categories": ("all",), "status": True, "scale": True},
        ),
        ("ResourceQuota", "resourcequotas", {"short": ("quota",), "status": True}),
        ("Secret", "secrets", {}),
        ("ServiceAccount", "serviceaccounts", {"short": ("sa",)}),
        ("Service", "services", {"short": ("svc",), "categories": ("all",), "status": True}),
    ]
    for kind, plural, more in core:
        yield Kind("", ("v1",), kind, plural, **more)  # type: ignore[arg-type]  # the table's words are the fields'
    workload: dict[str, object] = {"categories": ("all",), "status": True}
    crd_group = "apiextensions.k8s.io"
    rest: list[tuple[str, tuple[str, ...], str, str, dict[str, object]]] = [
        ("apps", ("v1",), "ControllerRevision", "controllerrevisions", {}),
        ("apps", ("v1",), "DaemonSet", "daemonsets", {"short": ("ds",), **workload}),
        ("apps", ("v1",), "Deployment", "deployments", {"short": ("deploy",), "scale": True, **workload}),
        ("apps", ("v1",), "ReplicaSet", "replicasets", {"short": ("rs",), "scale": True, **workload}),
        ("apps", ("v1",), "StatefulSet", "statefulsets", {"short": ("sts",), "scale": True, **workload}),
        (
            "autoscaling",
            ("v2", "v1"),
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            {"short": ("hpa",), **workload},
        ),
        ("batch", ("v1",), "CronJob", "cronjobs", {"short": ("cj",), **workload}),
        ("batch", ("v1",), "Job", "jobs", workload),
        (
            crd_group,
            ("v1",),
            "CustomResourceDefinition",
            "customresourcedefinitions",
            {"short": ("crd", "crds"), "categories": ("api-extensions",), "status": True, **everywhere},
        ),
        (
            "admissionregistration.k8s.io",
            ("v1",),
            "MutatingWebhookConfiguration",
            "mutatingwebhookconfigurations",
            everywhere,
        ),
        (
            "admissionregistration.k8s.io",
            ("v1",),
            "ValidatingWebhookConfiguration",
            "validatingwebhookconfigurations",
            everywhere,
        ),
        ("coordination.k8s.io", ("v1",), "Lease", "leases", {}),
        ("discovery.k8s.io", ("v1",), "EndpointSlice", "endpointslices", {}),
        ("networking.k8s.io", ("v1",), "Ingress", "ingresses", {"short": ("ing",), "status": True}),
        ("networking.k8s.io", ("v1",), "IngressClass", "ingressclasses", everywhere),
        ("networking.k8s.io", ("v1",), "NetworkPolicy", "networkpolicies", {"short": ("netpol",)}),
        (
            "policy",
            ("v1",),
            "PodDisruptionBudget",
            "poddisruptionbudgets",
            {"short": ("pdb",), "status": True},
        ),
        ("rbac.authorization.k8s.io", ("v1",), "ClusterRole", "clusterroles", everywhere),
        ("rbac.authorization.k8s.io", ("v1",), "ClusterRoleBinding", "clusterrolebindings", everywhere),
        ("rbac.authorization.k8s.io", ("v1",), "Role", "roles", {}),
        ("rbac.authorization.k8s.io", ("v1",), "RoleBinding", "rolebindings", {}),
        (
            "scheduling.k8s.io",
            ("v1",),
            "PriorityClass",
            "priorityclasses",
            {"short": ("pc",), **everywhere},
        ),
        ("storage.k8s.io", ("v1",), "StorageClass", "storageclasses", {"short": ("sc",), **everywhere}),
    ]
    for group, versions, kind, plural, more in rest:
        yield Kind(group, versions, kind, plural, **more)  # type: ignore[arg-type]  # as above


class Kinds:
    """Follows the store: a CustomResourceDefinition's kind is served while it is there."""

    def __init__(self, store: Store) -> None:
        self._builtin = tuple(_table())
        self._by_plural: dict[tuple[str, str], Kind] = {}
        self._by_kind: dict[GroupKind, Kind] = {}
        self.revision = 0  # counts changes, for documents that are built once per set of kinds
        self._store = store
        self._rebuild()
        store.subscribe(self._follow)

    def _follow(self, _change: str, obj: Manifest) -> None:
        if obj["kind"] == CRD[1] and obj["apiVersion"].startswith(CRD[0]):
            self._rebuild()

    def _rebuild(self) -> None:
        served = [*self._builtin, *(custom_kind(crd) for crd in self._store.list(CRD))]
        self._by_plural = {(one.group, one.plural): one for one in served}
        self._by_kind = {one.key: one for one in served}
        self.revision += 1

    def all(self) -> tuple[Kind, ...]:
        return tuple(self._by_plural.values())

    def served(self, group: str, version: str, plural: str) -> Kind | None:
        found = self._by_plural.get((group, plural))
        return found if found and version in found.versions else None

    def of(self, group: str, kind: str) -> Kind | None:
        return self._by_kind.get((group, kind))

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Each group's versions, preferred first; the core group is ""."""
        found: dict[str, dict[str, None]] = {}
        for one in self._by_plural.values():
            found.setdefault(one.group, {}).update(dict.fromkeys(one.versions))
        return {group: tuple(versions) for group, versions in found.items()}


def custom_kind(crd: Manifest) -> Kind:
    spec = crd["spec"]
    served = [one for one in spec["versions"] if one.get("served", True)]
    served.sort(key=lambda one: _priority(one["name"]), reverse=True)
    stored = next((one["name"] for one in spec["versions"] if one.get("storage")), served[0]["name"])
    names = spec["names"]
    return Kind(
        group=spec["group"],
        versions=tuple(one["name"] for one in served),
        kind=names["kind"],
        plural=names["plural"],
        namespaced=spec["scope"] == "Namespaced",
        short=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        status=any("status" in (one.get("subresources") or {}) for one in served),
        scale=any("scale" in (one.get("subresources") or {}) for one in served),
        storage=stored,
        types={
            one["name"]: custom((one.get("schema") or {}).get("openAPIV3Schema") or {})
            for one in spec["versions"]
        },
        definition=crd,
    )


def _priority(version: str) -> tuple[int, int, int]:
    """v2 before v1 before v1beta2 before v1alpha1, as discovery orders them."""
    number = version[1:]
    for rank, word in ((1, "beta"), (0, "alpha")):
        major, found, minor = number.partition(word)
        if found and major.isdigit():
            return (rank, int(major), int(minor or 0))
    return (2, int(number), 0) if number.isdigit() else (-1, 0, 0)
