"""StatefulSets: pods with numbers, made and replaced one after the other, each with its own claims."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from slipway.sandbox.controllers import histories
from slipway.sandbox.controllers.conditions import is_available, is_ready
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.descent import controller_reference
from slipway.sandbox.controllers.histories import Revision
from slipway.sandbox.controllers.pods import Forbidden, claimed, make_pod
from slipway.sandbox.controllers.retries import Retries
from slipway.sandbox.store import GroupKind, Key, Manifest, group_kind

STATEFUL_SET: GroupKind = ("apps", "StatefulSet")
CLAIM: GroupKind = ("", "PersistentVolumeClaim")
BY = "statefulset-controller"
_Pods = dict[int, Manifest]


class StatefulSets:
    name = "stateful sets"

    def __init__(self, control: Control) -> None:
        self._control = control
        self._retries = Retries(control.clock)

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        gk = group_kind(obj)
        namespace = obj["metadata"].get("namespace") or ""
        if gk == STATEFUL_SET:
            yield (namespace, obj["metadata"]["name"])
        elif gk == POD:
            owner = controller_reference(obj)
            if owner is None:
                for one in self._control.store.list(STATEFUL_SET, namespace):
                    yield (namespace, one["metadata"]["name"])
            elif owner["kind"] == "StatefulSet":
                yield (namespace, owner["name"])

    def reconcile(self, namespace: str, name: str) -> float | None:
        control = self._control
        owner = control.store.get(STATEFUL_SET, namespace, name)
        if owner is None or "deletionTimestamp" in owner["metadata"]:
            return None
        pods = self._pods(owner)
        update = histories.present(control, owner)
        current = self._current(owner, update)
        again: float | None = None
        try:
            self._step(owner, pods, current, update)
        except Forbidden as refused:
            message = f"create Pod in StatefulSet {name} failed error: {refused}"
            control.events.warning(owner, "FailedCreate", message, by=BY)
            again = self._retries.wait(owner)
        self._tell(owner, current, update)
        return again

    def _pods(self, owner: Manifest) -> _Pods:
        found: _Pods = {}
        prefix = f"{owner['metadata']['name']}-"
        for pod in claimed(self._control, owner):
            number = pod["metadata"]["name"].removeprefix(prefix)
            if number.isdigit():
                found[int(number)] = pod
        return found

    def _current(self, owner: Manifest, update: Revision) -> Revision:
        name = (owner.get("status") or {}).get("currentRevision", "")
        digest = name.rpartition("-")[2]
        return Revision(name, digest) if name and digest else update

    def _step(self, owner: Manifest, pods: _Pods, current: Revision, update: Revision) -> None:
        """One thing at a time, unless the policy is Parallel."""
        wanted = int(owner["spec"].get("replicas", 1))
        at_once = owner["spec"].get("podManagementPolicy") == "Parallel"
        strategy = owner["spec"].get("updateStrategy") or {}
        partition = int((strategy.get("rollingUpdate") or {}).get("partition", 0))
        for number in range(wanted):
            pod = pods.get(number)
            if pod is None:
                old = number < partition and current != update
                pods[number] = self._make(owner, number, current if old else update)
                if not at_once:
                    return
                continue
            if (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
                self._delete(owner, pod)
                return
            if not at_once and not self._serves(owner, pod):
                # its predecessors must serve before it is touched; a broken update is mended all the same
                if not (self._is_outdated(pod, update) and number >= partition and not is_ready(pod)):
                    return
                break
        surplus = sorted((number for number in pods if number >= wanted), reverse=True)
        for number in surplus:
            if "deletionTimestamp" not in pods[number]["metadata"]:
                self._delete(owner, pods[number])
            if not at_once:
                return
        if strategy.get("type") == "OnDelete":
            return
        for number in range(wanted - 1, partition - 1, -1):
            pod = pods.get(number)
            if pod is None or "deletionTimestamp" in pod["metadata"]:
                return
            if self._is_outdated(pod, update):
                self._delete(owner, pod)
                return
            if not self._serves(owner, pod):
                return

    def _serves(self, owner: Manifest, pod: Manifest) -> bool:
        least = int(owner["spec"].get("minReadySeconds", 0))
        return "deletionTimestamp" not in pod["metadata"] and is_available(pod, least, self._control.clock)

    def _is_outdated(self, pod: Manifest, update: Revision) -> bool:
        return bool((pod["metadata"].get("labels") or {}).get(histories.HASH) != update.hash)

    def _make(self, owner: Manifest, number: int, revision: Revision) -> Manifest:
        control, metadata = self._control, owner["metadata"]
        name = f"{metadata['name']}-{number}"
        template = deepcopy(self._template(owner, revision))
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels.update(
            {
                histories.HASH: revision.hash,
                "statefulset.kubernetes.io/pod-name": name,
                "apps.kubernetes.io/pod-index": str(number),
            }
        )
        template["spec"].setdefault("hostname", name)
        if owner["spec"].get("serviceName"):
            template["spec"].setdefault("subdomain", owner["spec"]["serviceName"])
        self._make_claims(owner, name, template["spec"])
        pod = make_pod(control, owner, template, name=name)
        message = f"create Pod {name} in StatefulSet {metadata['name']} successful"
        control.events.normal(owner, "SuccessfulCreate", message, by=BY)
        return pod

    def _template(self, owner: Manifest, revision: Revision) -> Manifest:
        kept = self._control.store.get(
            histories.CONTROLLER_REVISION, owner["metadata"]["namespace"], revision.name
        )
        template = ((kept or {}).get("data") or {}).get("spec", {}).get("template") or owner["spec"][
            "template"
        ]
        return {key: value for key, value in template.items() if key != "$patch"}

    def _make_claims(self, owner: Manifest, pod: str, spec: Manifest) -> None:
        namespace = owner["metadata"]["namespace"]
        volumes = {volume["name"]: volume for volume in spec.get("volumes") or ()}
        for template in owner["spec"].get("volumeClaimTemplates") or ():
            short = template["metadata"]["name"]
            name = f"{short}-{pod}"
            volumes[short] = {"name": short, "persistentVolumeClaim": {"claimName": name}}
            if self._control.store.get(CLAIM, namespace, name) is None:
                labels = {
                    **(template["metadata"].get("labels") or {}),
                    **((owner["spec"].get("selector") or {}).get("matchLabels") or {}),
                }
                self._control.store.create(
                    {
                        "apiVersion": "v1",
                        "kind": "PersistentVolumeClaim",
                        "metadata": {"name": name, "namespace": namespace, "labels": labels},
                        "spec": deepcopy(template["spec"]),
                        "status": {"phase": "Pending"},
                    }
                )
                message = f"create Claim {name} Pod {pod} in StatefulSet {owner['metadata']['name']} success"
                self._control.events.normal(owner, "SuccessfulCreate", message, by=BY)
        if volumes:
            spec["volumes"] = list(volumes.values())

    def _delete(self, owner: Manifest, pod: Manifest) -> None:
        if "deletionTimestamp" in pod["metadata"]:
            return
        self._control.remove(pod)
        message = (
            f"delete Pod {pod['metadata']['name']} in StatefulSet {owner['metadata']['name']} successful"
        )
        self._control.events.normal(owner, "SuccessfulDelete", message, by=BY)

    def _tell(self, owner: Manifest, current: Revision, update: Revision) -> None:
        pods = [pod for pod in self._pods(owner).values() if "deletionTimestamp" not in pod["metadata"]]
        wanted = int(owner["spec"].get("replicas", 1))
        least = int(owner["spec"].get("minReadySeconds", 0))

        def of(revision: Revision) -> int:
            return sum(1 for pod in pods if not self._is_outdated(pod, revision))

        ready = sum(1 for pod in pods if is_ready(pod))
        updated = of(update)
        if current != update and updated == len(pods) == ready == wanted:
            current = update
        status: Manifest = {
            "observedGeneration": owner["metadata"].get("generation", 1),
            "replicas": len(pods),
            "availableReplicas": sum(1 for pod in pods if is_available(pod, least, self._control.clock)),
            "currentRevision": current.name,
            "updateRevision": update.name,
            "collisionCount": 0,
        }
        counts = {"readyReplicas": ready, "currentReplicas": of(current), "updatedReplicas": updated}
        status.update({name: count for name, count in counts.items() if count})
        self._control.status(owner, status)
        used = frozenset((pod["metadata"].get("labels") or {}).get(histories.HASH, "") for pod in pods)
        histories.forget_old(self._control, owner, used | {current.hash, update.hash})
