"""Deployments: ReplicaSets of each template, and how the pods move from the old ones to the new one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from slipway.sandbox.controllers import rolling
from slipway.sandbox.controllers.conditions import is_active
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.descent import controller_reference
from slipway.sandbox.controllers.pods import claimed
from slipway.sandbox.controllers.progress import Progress
from slipway.sandbox.controllers.replicasets import REPLICA_SET
from slipway.sandbox.controllers.revisions import (
    DESIRED,
    MAXIMUM,
    Revisions,
    revision_of,
    same_template,
)
from slipway.sandbox.store import GroupKind, Key, Manifest, Manifests, group_kind

DEPLOYMENT: GroupKind = ("apps", "Deployment")
BY = "deployment-controller"


@dataclass(slots=True)
class Sets:
    """The ReplicaSet of the present template, if there is one, and the others, oldest first."""

    new: Manifest | None
    old: Manifests

    def all(self) -> Manifests:
        return [*self.old, *([self.new] if self.new else [])]


class Deployments:
    name = "deployments"

    def __init__(self, control: Control) -> None:
        self._control = control
        self._revisions = Revisions(control)
        self._progress = Progress(control)

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        gk = group_kind(obj)
        namespace = obj["metadata"].get("namespace") or ""
        if gk == DEPLOYMENT:
            yield (namespace, obj["metadata"]["name"])
        elif gk == REPLICA_SET:
            owner = controller_reference(obj)
            if owner is None:
                for one in self._control.store.list(DEPLOYMENT, namespace):
                    yield (namespace, one["metadata"]["name"])
            elif owner["kind"] == "Deployment":
                yield (namespace, owner["name"])
        elif gk == POD and change == "DELETED":
            # Recreate waits for the last old pod
            owner = controller_reference(obj)
            above = self._control.store.get(REPLICA_SET, namespace, owner["name"]) if owner else None
            top = controller_reference(above) if above else None
            if top is not None and top["kind"] == "Deployment":
                yield (namespace, top["name"])

    def reconcile(self, namespace: str, name: str) -> float | None:
        control = self._control
        found = control.store.get(DEPLOYMENT, namespace, name)
        if found is None:
            return None
        sets = self._sets(found)
        if "deletionTimestamp" in found["metadata"]:
            self._progress.write(found, sets.all(), sets.new, judged=False)
            return None
        found = self._progress.note_pause(found) or found
        if found["spec"].get("paused") or self._is_scaling(found, sets):
            self._scale_as_one(found, sets)
            if found["spec"].get("paused"):
                self._clean(found, sets)
            sets = self._sets(found)
            return self._progress.write(found, sets.all(), sets.new, judged=False)
        if (found["spec"].get("strategy") or {}).get("type") == "Recreate":
            return self._recreate(found, sets)
        return self._roll(found, sets)

    def _sets(self, deployment: Manifest) -> Sets:
        found = sorted(
            claimed(self._control, deployment, REPLICA_SET),
            key=lambda one: (one["metadata"]["creationTimestamp"], int(one["metadata"]["resourceVersion"])),
        )
        template = deployment["spec"]["template"]
        new = next((one for one in found if same_template(one["spec"]["template"], template)), None)
        return Sets(new, [one for one in found if one is not new])

    def _is_scaling(self, deployment: Manifest, sets: Sets) -> bool:
        wanted = str(deployment["spec"].get("replicas", 1))
        return any(
            DESIRED in (annotations := one["metadata"].get("annotations") or {})
            and annotations[DESIRED] != wanted
            for one in sets.all()
            if one["spec"].get("replicas", 1) > 0
        )

    def _scale_as_one(self, deployment: Manifest, sets: Sets) -> None:
        """A change of size that is no roll-out: each ReplicaSet gets its share."""
        for one, size in rolling.proportions(
            deployment, sets.new, sets.old, desired=DESIRED, maximum=MAXIMUM
        ):
            self._scale(deployment, one, size)

    def _scale(self, deployment: Manifest, one: Manifest, size: int) -> Manifest:
        """The ReplicaSet as it is afterwards; its size and the marks that tell a scaling from a roll-out."""
        before = int(one["spec"].get("replicas", 1))
        wanted = int(deployment["spec"].get("replicas", 1))
        surge, _ = rolling.bounds(deployment)

        def edit(fresh: Manifest) -> None:
            fresh["spec"]["replicas"] = size
            marks = fresh["metadata"].setdefault("annotations", {})
            marks[DESIRED], marks[MAXIMUM] = str(wanted), str(wanted + surge)

        changed = self._control.change(one, edit) or one
        if size != before:
            word = "up" if size > before else "down"
            self._control.events.normal(
                deployment,
                "ScalingReplicaSet",
                f"Scaled {word} replica set {one['metadata']['name']} from {before} to {size}",
                by=BY,
            )
        return changed

    def _roll(self, deployment: Manifest, sets: Sets) -> float | None:
        new = self._revisions.of_template(
            deployment, sets.new, sets.old, first_size=self._first_size(deployment, sets)
        )
        if new is None:
            return self._control.clock.real(0.5)
        if sets.new is None:
            self._told_of_new(deployment, new)
        sets = Sets(new, sets.old)
        size = rolling.new_size(deployment, new, sets.all())
        changed = size != int(new["spec"].get("replicas", 1))
        new = self._scale(deployment, new, size)
        if not changed:
            for one, smaller in rolling.old_sizes(deployment, new, sets.old):
                changed = True
                self._scale(deployment, one, smaller)
        sets = self._sets(deployment)
        again = self._progress.write(deployment, sets.all(), sets.new, judged=True)
        if self._progress.is_complete(deployment):
            self._clean(deployment, sets)
        return again

    def _recreate(self, deployment: Manifest, sets: Sets) -> float | None:
        shrinking = False
        for one in sets.old:
            if one["spec"].get("replicas", 1) > 0:
                shrinking = True
                self._scale(deployment, one, 0)
        if shrinking or self._old_pods_run(sets):
            sets = self._sets(deployment)
            return self._progress.write(deployment, sets.all(), sets.new, judged=True)
        wanted = int(deployment["spec"].get("replicas", 1))
        new = self._revisions.of_template(deployment, sets.new, sets.old, first_size=wanted)
        if new is None:
            return self._control.clock.real(0.5)
        if sets.new is None:
            self._told_of_new(deployment, new)
        self._scale(deployment, new, wanted)
        sets = self._sets(deployment)
        again = self._progress.write(deployment, sets.all(), sets.new, judged=True)
        if self._progress.is_complete(deployment):
            self._clean(deployment, sets)
        return again

    def _old_pods_run(self, sets: Sets) -> bool:
        """One that is stopping still runs."""
        ended = ("Succeeded", "Failed")
        return any(
            (pod.get("status") or {}).get("phase") not in ended or is_active(pod)
            for one in sets.old
            for pod in self._control.descent.controlled(one, POD)
        )

    def _first_size(self, deployment: Manifest, sets: Sets) -> int:
        if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
            return int(deployment["spec"].get("replicas", 1))
        return rolling.new_size(deployment, None, sets.old)

    def _told_of_new(self, deployment: Manifest, new: Manifest) -> None:
        size = int(new["spec"].get("replicas", 1))
        if size > 0:
            message = f"Scaled up replica set {new['metadata']['name']} from 0 to {size}"
            self._control.events.normal(deployment, "ScalingReplicaSet", message, by=BY)

    def _clean(self, deployment: Manifest, sets: Sets) -> None:
        """Old ReplicaSets beyond the history limit, the oldest first; only empty ones."""
        limit = deployment["spec"].get("revisionHistoryLimit")
        if limit is None:
            return
        old = [one for one in sets.old if "deletionTimestamp" not in one["metadata"]]
        for one in sorted(old, key=revision_of)[: max(0, len(old) - int(limit))]:
            status = one.get("status") or {}
            empty = not one["spec"].get("replicas") and not status.get("replicas")
            seen = int(status.get("observedGeneration", 0)) >= int(one["metadata"].get("generation", 0))
            if empty and seen:
                self._control.remove(one, propagation="Background")
