"""Jobs: pods until enough of them succeeded, or too many failed."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from slipway.sandbox.controllers.conditions import find, is_active, is_ready, with_condition
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.descent import controller_reference
from slipway.sandbox.controllers.pods import Forbidden, make_pod
from slipway.sandbox.controllers.retries import Retries
from slipway.sandbox.store import GroupKind, Key, Manifest, Manifests, group_kind

JOB: GroupKind = ("batch", "Job")
BY = "job-controller"
_FIRST_BACKOFF, _LONGEST_BACKOFF = 10.0, 360.0


class Jobs:
    name = "jobs"

    def __init__(self, control: Control) -> None:
        self._control = control
        self._retries = Retries(control.clock)

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        gk = group_kind(obj)
        if gk == JOB:
            yield (obj["metadata"]["namespace"], obj["metadata"]["name"])
        elif gk == POD and (owner := controller_reference(obj)) is not None and owner["kind"] == "Job":
            yield (obj["metadata"]["namespace"], owner["name"])

    def reconcile(self, namespace: str, name: str) -> float | None:
        control = self._control
        job = control.store.get(JOB, namespace, name)
        if job is None or "deletionTimestamp" in job["metadata"]:
            return None
        status = job.get("status") or {}
        if _is_over(status):
            return self._forget_in_time(job)
        if job["spec"].get("suspend"):
            self._suspend(job)
            return None
        status = deepcopy(status)
        if not status.get("startTime"):
            status["startTime"] = control.clock.stamp()
        pods = control.descent.controlled(job, POD)
        succeeded = [pod for pod in pods if _phase(pod) == "Succeeded"]
        failed = [pod for pod in pods if _phase(pod) == "Failed"]
        active = [pod for pod in pods if is_active(pod)]
        again: float | None = None
        verdict = self._verdict(job, status, succeeded, failed, active)
        if verdict is None:
            active, again = self._grow(job, succeeded, failed, active)
        else:
            for pod in active:
                control.remove(pod)
            active = []
        self._tell(job, status, succeeded, failed, active, verdict)
        return min(
            (one for one in (again, self._until_deadline(job, status)) if one is not None), default=None
        )

    def _verdict(
        self, job: Manifest, status: Manifest, succeeded: Manifests, failed: Manifests, active: Manifests
    ) -> tuple[str, str, str] | None:
        """(condition, reason, message) when it is over."""
        spec = job["spec"]
        limit = int(spec.get("backoffLimit", 6))
        restarts = sum(_restarts(pod) for pod in active) if _restarts_in_place(job) else 0
        if len(failed) > limit or (restarts and restarts >= limit):
            return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        deadline = spec.get("activeDeadlineSeconds")
        clock = self._control.clock
        if deadline is not None and clock.since(status["startTime"]) >= clock.deadline(float(deadline)):
            return "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
        completions = spec.get("completions")
        enough = len(succeeded) >= int(completions) if completions is not None else succeeded and not active
        return (
            ("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
            if enough
            else None
        )

    def _grow(
        self, job: Manifest, succeeded: Manifests, failed: Manifests, active: Manifests
    ) -> tuple[Manifests, float | None]:
        spec, control = job["spec"], self._control
        parallel = int(spec.get("parallelism", 1))
        completions = spec.get("completions")
        if completions is None:
            missing = 0 if succeeded else parallel - len(active)
        else:
            missing = min(parallel, int(completions) - len(succeeded)) - len(active)
        if missing <= 0:
            return active, None
        if failed and (left := self._backoff_left(failed)) > 0:
            return active, left
        for _ in range(missing):
            try:
                pod = make_pod(control, job, _template(job))
            except Forbidden as refused:
                control.events.warning(job, "FailedCreate", f"Error creating: {refused}", by=BY)
                return active, self._retries.wait(job)
            message = f"Created pod: {pod['metadata']['name']}"
            control.events.normal(job, "SuccessfulCreate", message, by=BY)
            active = [*active, pod]
        return active, None

    def _backoff_left(self, failed: Manifests) -> float:
        """Real seconds; ten simulated ones after the first failure, then twice as long each time."""
        pause = min(_FIRST_BACKOFF * 2 ** (len(failed) - 1), _LONGEST_BACKOFF)
        return self._control.clock.real(pause) - min(
            self._control.clock.since(_ended_at(pod)) for pod in failed
        )

    def _until_deadline(self, job: Manifest, status: Manifest) -> float | None:
        deadline = job["spec"].get("activeDeadlineSeconds")
        if deadline is None or _is_over(status):
            return None
        clock = self._control.clock
        return max(0.05, clock.deadline(float(deadline)) - clock.since(status["startTime"]))

    def _tell(
        self,
        job: Manifest,
        status: Manifest,
        succeeded: Manifests,
        failed: Manifests,
        active: Manifests,
        verdict: tuple[str, str, str] | None,
    ) -> None:
        control = self._control
        counts = {
            "active": len(active),
            "succeeded": len(succeeded),
            "failed": len(failed),
            "ready": sum(1 for pod in active if is_ready(pod)),
        }
        for name, count in counts.items():
            status.pop(name, None)
            if count or name == "ready":
                status[name] = count
        status["terminating"] = 0
        status["uncountedTerminatedPods"] = {}
        if verdict is not None:
            condition, reason, message = verdict
            first = "SuccessCriteriaMet" if condition == "Complete" else "FailureTarget"
            for kind in (first, condition):
                status["conditions"] = _with_probe(
                    with_condition(status.get("conditions"), control.clock, kind, "True", reason, message),
                    control.clock.stamp(),
                )
            if condition == "Complete":
                status["completionTime"] = control.clock.stamp()
                control.events.normal(job, "Completed", "Job completed", by=BY)
            else:
                control.events.warning(job, reason, message, by=BY)
        control.status(job, status)

    def _suspend(self, job: Manifest) -> None:
        control = self._control
        for pod in control.descent.controlled(job, POD):
            if is_active(pod):
                control.remove(pod)
        status = {
            key: value
            for key, value in (job.get("status") or {}).items()
            if key not in ("startTime", "active")
        }
        status["conditions"] = with_condition(
            status.get("conditions"), control.clock, "Suspended", "True", "JobSuspended", "Job suspended"
        )
        control.status(job, status)

    def _forget_in_time(self, job: Manifest) -> float | None:
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None:
            return None
        ended = max(entry["lastTransitionTime"] for entry in job["status"]["conditions"])
        left = self._control.clock.real(float(seconds)) - self._control.clock.since(ended)
        if left > 0:
            return left
        self._control.remove(job, propagation="Background")
        return None


def _template(job: Manifest) -> Manifest:
    template: Manifest = deepcopy(job["spec"]["template"])
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    labels.setdefault("job-name", job["metadata"]["name"])
    labels.setdefault("batch.kubernetes.io/job-name", job["metadata"]["name"])
    return template


def _with_probe(conditions: Manifests, now: str) -> Manifests:
    return [{"lastProbeTime": now, **entry} for entry in conditions]


def _is_over(status: Manifest) -> bool:
    return any(
        (find(status.get("conditions"), kind) or {}).get("status") == "True"
        for kind in ("Complete", "Failed")
    )


def _phase(pod: Manifest) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


def _restarts_in_place(job: Manifest) -> bool:
    return bool(job["spec"]["template"]["spec"].get("restartPolicy") == "OnFailure")


def _restarts(pod: Manifest) -> int:
    return sum(
        int(entry.get("restartCount", 0))
        for entry in (pod.get("status") or {}).get("containerStatuses") or ()
    )


def _ended_at(pod: Manifest) -> str | None:
    times = [
        terminated["finishedAt"]
        for entry in (pod.get("status") or {}).get("containerStatuses") or ()
        if (terminated := (entry.get("state") or {}).get("terminated"))
    ]
    return max(times, default=None)
