"""A Deployment's status: its counts, whether it is available, and whether it gets on."""

from __future__ import annotations

from copy import deepcopy

from slipway.sandbox.controllers.conditions import find, with_condition, without_condition
from slipway.sandbox.controllers.control import Control
from slipway.sandbox.controllers.rolling import bounds
from slipway.sandbox.store import Manifest, Manifests, group_kind

COMPLETE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
_NEVER = 2_147_483_647  # progressDeadlineSeconds that means none


class Progress:
    def __init__(self, control: Control) -> None:
        self._control = control

    def note_pause(self, deployment: Manifest) -> Manifest | None:
        """The condition says that it is paused, or that it goes on; the deadline stands still meanwhile."""
        if not self._deadline(deployment):
            return None
        status = deepcopy(deployment.get("status") or {})
        current = find(status.get("conditions"), "Progressing") or {}
        if current.get("reason") == TIMED_OUT:
            return None
        paused = bool(deployment["spec"].get("paused"))
        if paused and current.get("reason") != "DeploymentPaused":
            words = ("Unknown", "DeploymentPaused", "Deployment is paused")
        elif not paused and current.get("reason") == "DeploymentPaused":
            words = ("Unknown", "DeploymentResumed", "Deployment is resumed")
        else:
            return None
        status["conditions"] = with_condition(
            status.get("conditions"), self._control.clock, "Progressing", *words, updated=True
        )
        return self._control.status(deployment, status)

    def write(
        self, deployment: Manifest, sets: Manifests, new: Manifest | None, *, judged: bool
    ) -> float | None:
        """Writes the status; real seconds until a deadline may have passed."""
        metadata = deployment["metadata"]
        live = self._control.store.get(group_kind(deployment), metadata["namespace"], metadata["name"])
        if live is None:
            return None
        before = live.get("status") or {}
        status = self._counts(deployment, sets, new)
        if "collisionCount" in before:
            status["collisionCount"] = before["collisionCount"]
        conditions = self._availability(deployment, status, list(before.get("conditions") or ()))
        again = None
        if judged and self._deadline(deployment):
            conditions, again = self._progressing(deployment, before, status, new, conditions)
        elif not self._deadline(deployment):
            conditions = without_condition(conditions, "Progressing")
        status["conditions"] = self._failure(sets, conditions)
        self._control.status(live, status)
        return again

    def is_complete(self, deployment: Manifest) -> bool:
        metadata = deployment["metadata"]
        live = self._control.store.get(group_kind(deployment), metadata["namespace"], metadata["name"])
        return live is not None and _complete(live, live.get("status") or {})

    def _counts(self, deployment: Manifest, sets: Manifests, new: Manifest | None) -> Manifest:
        def total(name: str, among: Manifests) -> int:
            return sum(int((one.get("status") or {}).get(name, 0)) for one in among)

        available = total("availableReplicas", sets)
        # what is meant to be there, so that pods which could not be made are counted as missing
        unavailable = max(0, sum(int(one["spec"].get("replicas", 1)) for one in sets) - available)
        counts = {
            "replicas": total("replicas", sets),
            "updatedReplicas": total("replicas", [new] if new else []),
            "readyReplicas": total("readyReplicas", sets),
            "availableReplicas": available,
            "unavailableReplicas": unavailable,
        }
        generation = deployment["metadata"].get("generation", 1)
        return {"observedGeneration": generation, **{name: count for name, count in counts.items() if count}}

    def _availability(self, deployment: Manifest, status: Manifest, conditions: Manifests) -> Manifests:
        _, unavailable = bounds(deployment)
        least = int(deployment["spec"].get("replicas", 1)) - unavailable
        if int(status.get("availableReplicas", 0)) >= least:
            words = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        else:
            words = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        return with_condition(conditions, self._control.clock, "Available", *words, updated=True)

    def _progressing(
        self,
        deployment: Manifest,
        before: Manifest,
        status: Manifest,
        new: Manifest | None,
        conditions: Manifests,
    ) -> tuple[Manifests, float | None]:
        clock = self._control.clock
        current = find(conditions, "Progressing")
        thing = (
            f'ReplicaSet "{new["metadata"]["name"]}"'
            if new
            else f'Deployment "{deployment["metadata"]["name"]}"'
        )
        settled = int(status.get("replicas", 0)) == int(status.get("updatedReplicas", 0))
        if settled and current and current.get("reason") == COMPLETE and _same_set(current, thing):
            return conditions, None

        def said(condition: str, reason: str, message: str) -> Manifests:
            return with_condition(conditions, clock, "Progressing", condition, reason, message, updated=True)

        if _complete(deployment, status):
            return said("True", COMPLETE, f"{thing} has successfully progressed."), None
        if current is None:
            made = "NewReplicaSetCreated", f"Created new replica set {thing.removeprefix('ReplicaSet ')}"
            return said("True", *made), self._left(deployment, None)
        if _moved(before, status) or (current.get("reason") == COMPLETE and not _same_set(current, thing)):
            fresh = without_condition(conditions, "Progressing")
            now = with_condition(
                fresh,
                clock,
                "Progressing",
                "True",
                "ReplicaSetUpdated",
                f"{thing} is progressing.",
                updated=True,
            )
            if current.get("status") == "True":
                now[-1]["lastTransitionTime"] = current["lastTransitionTime"]
            return now, self._left(deployment, None)
        if current.get("reason") in (TIMED_OUT, COMPLETE, "DeploymentPaused"):
            return conditions, None
        left = self._left(deployment, current.get("lastUpdateTime"))
        if left <= 0:
            return said("False", TIMED_OUT, f"{thing} has timed out progressing."), None
        return conditions, left

    def _left(self, deployment: Manifest, since: str | None) -> float:
        """Real seconds until the deadline; a stamp has whole seconds, so one more is given."""
        whole = self._control.clock.deadline(float(self._deadline(deployment)))
        return whole + 1.0 - (self._control.clock.since(since) if since else 0.0)

    def _failure(self, sets: Manifests, conditions: Manifests) -> Manifests:
        for one in sets:
            failed = find((one.get("status") or {}).get("conditions"), "ReplicaFailure")
            if failed is not None:
                words = (str(failed["status"]), str(failed["reason"]), str(failed["message"]))
                return with_condition(conditions, self._control.clock, "ReplicaFailure", *words, updated=True)
        return without_condition(conditions, "ReplicaFailure")

    def _deadline(self, deployment: Manifest) -> int:
        seconds = int(deployment["spec"].get("progressDeadlineSeconds", 600))
        return 0 if seconds == _NEVER else seconds


def _same_set(condition: Manifest, thing: str) -> bool:
    return str(condition.get("message", "")).startswith(f"{thing} ")


def _complete(deployment: Manifest, status: Manifest) -> bool:
    wanted = int(deployment["spec"].get("replicas", 1))
    seen = int(status.get("observedGeneration", 0)) >= int(deployment["metadata"].get("generation", 1))
    counts = [int(status.get(name, 0)) for name in ("updatedReplicas", "replicas", "availableReplicas")]
    return seen and counts == [wanted] * 3


def _moved(before: Manifest, after: Manifest) -> bool:
    def old_pods(status: Manifest) -> int:
        return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))

    grew = any(
        int(after.get(name, 0)) > int(before.get(name, 0))
        for name in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    return grew or old_pods(after) < old_pods(before)
