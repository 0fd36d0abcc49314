"""CronJobs: a Job whenever the schedule says so. The schedule goes by the wall clock, whatever the speed."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, datetime, timedelta

from slipway.sandbox.controllers.conditions import find
from slipway.sandbox.controllers.control import Control
from slipway.sandbox.controllers.descent import controller_reference, reference_to
from slipway.sandbox.controllers.jobs import JOB
from slipway.sandbox.controllers.schedules import Schedule
from slipway.sandbox.store import Exists, GroupKind, Key, Manifest, Manifests, group_kind

CRON_JOB: GroupKind = ("batch", "CronJob")
BY = "cronjob-controller"


class CronJobs:
    name = "cron jobs"

    def __init__(self, control: Control) -> None:
        self._control = control

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        gk = group_kind(obj)
        if gk == CRON_JOB:
            yield (obj["metadata"]["namespace"], obj["metadata"]["name"])
        elif gk == JOB and (owner := controller_reference(obj)) is not None and owner["kind"] == "CronJob":
            yield (obj["metadata"]["namespace"], owner["name"])

    def reconcile(self, namespace: str, name: str) -> float | None:
        control = self._control
        cron = control.store.get(CRON_JOB, namespace, name)
        if cron is None or "deletionTimestamp" in cron["metadata"]:
            return None
        jobs = control.descent.controlled(cron, JOB)
        self._keep_few(cron, jobs)
        status = deepcopy(cron.get("status") or {})
        now = datetime.now(UTC)
        if not cron["spec"].get("suspend"):
            try:
                schedule = Schedule(cron["spec"]["schedule"])
            except ValueError as error:
                control.events.warning(cron, "UnparseableSchedule", f"unparseable schedule: {error}", by=BY)
                return None
            since = status.get("lastScheduleTime") or cron["metadata"]["creationTimestamp"]
            last = datetime.fromisoformat(since.replace("Z", "+00:00"))
            due = schedule.last_before(now, not_before=last)
            if due is not None and self._may_start(cron, jobs):
                self._start(cron, due)
                status["lastScheduleTime"] = due.strftime("%Y-%m-%dT%H:%M:%SZ")
        active = [job for job in control.descent.controlled(cron, JOB) if not _outcome(job)]
        status.pop("active", None)
        if active:
            status["active"] = [_reference(job) for job in active]
        if done := [
            job["status"]["completionTime"] for job in jobs if (job.get("status") or {}).get("completionTime")
        ]:
            status["lastSuccessfulTime"] = max(done)
        control.status(cron, status)
        next_minute = (now + timedelta(minutes=1)).replace(second=0, microsecond=0)
        return (next_minute - now).total_seconds() + 0.1

    def _may_start(self, cron: Manifest, jobs: Manifests) -> bool:
        active = [job for job in jobs if not _outcome(job)]
        policy = cron["spec"].get("concurrencyPolicy", "Allow")
        if active and policy == "Forbid":
            message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._control.events.normal(cron, "JobAlreadyActive", message, by=BY)
            return False
        if policy == "Replace":
            for job in active:
                self._control.remove(job, propagation="Background")
        return True

    def _start(self, cron: Manifest, due: datetime) -> None:
        template = cron["spec"]["jobTemplate"]
        name = f"{cron['metadata']['name'][:52]}-{int(due.timestamp() // 60)}"
        shape = template.get("metadata") or {}
        job: Manifest = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": name,
                "namespace": cron["metadata"]["namespace"],
                "labels": dict(shape.get("labels") or {}),
                "annotations": {
                    **(shape.get("annotations") or {}),
                    "batch.kubernetes.io/cronjob-scheduled-timestamp": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
                },
                "ownerReferences": [reference_to(cron)],
            },
            "spec": deepcopy(template["spec"]),
        }
        spec = job["spec"]
        if spec.get("parallelism") is None and spec.get("completions") is None:
            spec["completions"] = 1
        spec.setdefault("parallelism", 1)
        spec.setdefault("backoffLimit", 6)
        spec["template"].setdefault("metadata", {}).setdefault("labels", {})["job-name"] = name
        spec.setdefault("selector", {"matchLabels": {"job-name": name}})
        try:
            self._control.store.create(job)
        except Exists:
            return
        self._control.events.normal(cron, "SuccessfulCreate", f"Created job {name}", by=BY)

    def _keep_few(self, cron: Manifest, jobs: Manifests) -> None:
        for outcome, field, default in (
            ("Complete", "successfulJobsHistoryLimit", 3),
            ("Failed", "failedJobsHistoryLimit", 1),
        ):
            ended = [job for job in jobs if _outcome(job) == outcome]
            for job in ended[: max(0, len(ended) - int(cron["spec"].get(field, default)))]:
                self._control.remove(job, propagation="Background")


def _outcome(job: Manifest) -> str:
    conditions = (job.get("status") or {}).get("conditions")
    return next(
        (kind for kind in ("Complete", "Failed") if (find(conditions, kind) or {}).get("status") == "True"),
        "",
    )


def _reference(job: Manifest) -> Manifest:
    metadata = job["metadata"]
    return {
        "apiVersion": job["apiVersion"],
        "kind": "Job",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }
