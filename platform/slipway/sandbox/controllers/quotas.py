"""ResourceQuotas: what a pod would use, what is used, and the refusal in a real server's words."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from slipway.sandbox import quantities
from slipway.sandbox.controllers.conditions import is_active
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.store import GroupKind, Key, Manifest, Store, group_kind

QUOTA: GroupKind = ("", "ResourceQuota")
_NAMES = {"pods": "pods", "cpu": "requests.cpu", "memory": "requests.memory", "count/pods": "pods"}
_COUNTED: dict[str, GroupKind] = {
    "configmaps": ("", "ConfigMap"),
    "secrets": ("", "Secret"),
    "services": ("", "Service"),
    "persistentvolumeclaims": ("", "PersistentVolumeClaim"),
    "count/deployments.apps": ("apps", "Deployment"),
    "count/replicasets.apps": ("apps", "ReplicaSet"),
    "count/jobs.batch": ("batch", "Job"),
}


def usage(pod: Manifest) -> dict[str, Fraction]:
    used = {"pods": Fraction(1)}
    for container in pod["spec"].get("containers") or ():
        resources = container.get("resources") or {}
        limits = resources.get("limits") or {}
        for part, given in (
            ("requests", {**limits, **(resources.get("requests") or {})}),
            ("limits", limits),
        ):
            for name, amount in given.items():
                key = f"{part}.{name}"
                used[key] = used.get(key, Fraction(0)) + (quantities.parse(str(amount)) or 0)
    return used


def refusal(store: Store, pod: Manifest) -> str:
    """ "" where every quota of the namespace has room."""
    namespace = pod["metadata"]["namespace"]
    wanted = usage(pod)
    for quota in store.list(QUOTA, namespace):
        hard = quota["spec"].get("hard") or {}
        counted = [name for name in sorted(hard) if _NAMES.get(name, name) in wanted or _is_compute(name)]
        if not counted:
            continue
        missing = [name for name in counted if _NAMES.get(name, name) not in wanted]
        if missing:
            return (
                f'pods "{pod["metadata"]["name"]}" is forbidden: failed quota: {quota["metadata"]["name"]}: must specify '
                + "; ".join(f"{name} for: {_containers(pod)}" for name in missing)
            )
        used = _used(store, namespace)
        over = [
            name
            for name in counted
            if used.get(_NAMES.get(name, name), Fraction(0)) + wanted[_NAMES.get(name, name)]
            > (quantities.parse(str(hard[name])) or 0)
        ]
        if over:

            def listed(amounts: dict[str, Fraction], over: list[str] = over) -> str:
                return ",".join(
                    f"{name}={_text(amounts.get(_NAMES.get(name, name), Fraction(0)))}" for name in over
                )

            limited = ",".join(f"{name}={hard[name]}" for name in over)
            return (
                f'pods "{pod["metadata"]["name"]}" is forbidden: exceeded quota: {quota["metadata"]["name"]}, '
                f"requested: {listed(wanted)}, used: {listed(used)}, limited: {limited}"
            )
    return ""


def _is_compute(name: str) -> bool:
    return _NAMES.get(name, name) in ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory")


def _containers(pod: Manifest) -> str:
    return ",".join(container["name"] for container in pod["spec"]["containers"])


def _used(store: Store, namespace: str) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for pod in store.list(POD, namespace):
        # one that is stopping still counts, one that has ended does not
        if is_active(pod) or (pod.get("status") or {}).get("phase") in ("Pending", "Running"):
            for name, amount in usage(pod).items():
                total[name] = total.get(name, Fraction(0)) + amount
    return total


def _text(amount: Fraction) -> str:
    return str(amount) if amount.denominator == 1 else f"{int(amount * 1000)}m"


class Quotas:
    """Keeps `status.used` true."""

    name = "quotas"

    def __init__(self, control: Control) -> None:
        self._control = control

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        if group_kind(obj) == QUOTA:
            yield (obj["metadata"]["namespace"], obj["metadata"]["name"])
        elif obj["kind"] == "Pod" or group_kind(obj) in _COUNTED.values():
            for quota in self._control.store.list(QUOTA, obj["metadata"].get("namespace") or "-"):
                yield (quota["metadata"]["namespace"], quota["metadata"]["name"])

    def reconcile(self, namespace: str, name: str) -> None:
        quota = self._control.store.get(QUOTA, namespace, name)
        if quota is None:
            return
        hard = quota["spec"].get("hard") or {}
        used = _used(self._control.store, namespace)
        amounts = {}
        for entry in hard:
            if entry in _COUNTED:
                amounts[entry] = str(len(self._control.store.list(_COUNTED[entry], namespace)))
            else:
                amounts[entry] = _text(used.get(_NAMES.get(entry, entry), Fraction(0)))
        self._control.status(quota, {"hard": hard, "used": amounts})
