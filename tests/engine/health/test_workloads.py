"""Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob: counters first, then the worst pod's words."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.engine.health import Health
from slipway.engine.objects import Manifest
from tests.engine.health.looking import container, deployment, event, live, look, pod, replica_set


def stateful(wanted: int = 2, *, spec: dict[str, Any] | None = None, **status: Any) -> Manifest:
    return live(
        "StatefulSet", spec={"replicas": wanted} | (spec or {}), status={"observedGeneration": 2} | status
    )


def daemon(*, spec: dict[str, Any] | None = None, **status: Any) -> Manifest:
    return live("DaemonSet", spec=spec or {}, status={"observedGeneration": 2} | status)


def job(*conditions: tuple[str, str, str], **spec: Any) -> Manifest:
    listed = [{"type": kind, "status": status, "message": message} for kind, status, message in conditions]
    return live("Job", spec=spec, status={"conditions": listed})


UNSEEN = "the controller has not seen the change yet"
CASES = {
    "all pods new and available": (
        deployment(updatedReplicas=3, availableReplicas=3, replicas=3),
        Health.HEALTHY,
        "3 of 3 pods ready",
    ),
    "scaled to nothing": (deployment(0), Health.HEALTHY, "0 of 0 pods ready"),
    "a change its controller has not seen": (
        deployment(observedGeneration=1, updatedReplicas=3, availableReplicas=3),
        Health.PROGRESSING,
        UNSEEN,
    ),
    "new pods come": (
        deployment(updatedReplicas=1, availableReplicas=3, replicas=4),
        Health.PROGRESSING,
        "1 of 3 pods are of the new version",
    ),
    "new pods start": (
        deployment(updatedReplicas=3, availableReplicas=1, replicas=3),
        Health.PROGRESSING,
        "1 of 3 pods ready",
    ),
    "old pods leave": (
        deployment(updatedReplicas=3, availableReplicas=3, replicas=5),
        Health.PROGRESSING,
        "2 old pods remain",
    ),
    "the last old pod leaves": (
        deployment(updatedReplicas=3, availableReplicas=3, replicas=4),
        Health.PROGRESSING,
        "1 old pod remains",
    ),
    "paused": (
        live("Deployment", spec={"replicas": 3, "paused": True}, status={"observedGeneration": 2}),
        Health.SUSPENDED,
        "paused",
    ),
    "quota": (
        deployment(
            conditions=[
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "message": 'pods "web-7f9-x2x" is forbidden: exceeded quota: few, limited: pods=4',
                }
            ]
        ),
        Health.PROGRESSING,
        "pods are refused: exceeded quota: few, limited: pods=4",
    ),
    "a ReplicaSet of its own": (
        live("ReplicaSet", spec={"replicas": 2}, status={"availableReplicas": 2}),
        Health.HEALTHY,
        "2 of 2 pods ready",
    ),
    "a ReplicaSet that starts": (
        live("ReplicaSet", spec={"replicas": 2}, status={}),
        Health.PROGRESSING,
        "0 of 2 pods ready",
    ),
    "a StatefulSet as it should be": (
        stateful(readyReplicas=2, updateRevision="b", currentRevision="b"),
        Health.HEALTHY,
        "2 of 2 pods ready",
    ),
    "a StatefulSet not seen yet": (stateful(observedGeneration=1), Health.PROGRESSING, UNSEEN),
    "a StatefulSet that starts": (stateful(readyReplicas=1), Health.PROGRESSING, "1 of 2 pods ready"),
    "a StatefulSet in the middle of an update": (
        stateful(readyReplicas=2, updateRevision="b", currentRevision="a", updatedReplicas=1),
        Health.PROGRESSING,
        "1 of 2 pods are of the new version",
    ),
    "a StatefulSet at the end of an update": (
        stateful(readyReplicas=2, updateRevision="b", currentRevision="a", updatedReplicas=2),
        Health.PROGRESSING,
        "finishing the update",
    ),
    "a StatefulSet updated down to its partition": (
        stateful(
            spec={"updateStrategy": {"rollingUpdate": {"partition": 1}}},
            readyReplicas=2,
            updateRevision="b",
            currentRevision="a",
            updatedReplicas=1,
        ),
        Health.HEALTHY,
        "2 of 2 pods ready",
    ),
    "a StatefulSet changed by hand": (
        stateful(spec={"updateStrategy": {"type": "OnDelete"}}, readyReplicas=2, updateRevision="b"),
        Health.HEALTHY,
        "2 of 2 pods ready; changed when deleted",
    ),
    "a DaemonSet on every node": (
        daemon(desiredNumberScheduled=3, numberAvailable=3, updatedNumberScheduled=3),
        Health.HEALTHY,
        "3 of 3 pods ready",
    ),
    "a DaemonSet that no node wants": (daemon(), Health.HEALTHY, "0 of 0 pods ready"),
    "a DaemonSet not seen yet": (daemon(observedGeneration=1), Health.PROGRESSING, UNSEEN),
    "a DaemonSet in an update": (
        daemon(desiredNumberScheduled=3, numberAvailable=3, updatedNumberScheduled=1),
        Health.PROGRESSING,
        "1 of 3 pods are of the new version",
    ),
    "a DaemonSet changed by hand": (
        daemon(spec={"updateStrategy": {"type": "OnDelete"}}, desiredNumberScheduled=3, numberAvailable=3),
        Health.HEALTHY,
        "3 of 3 pods ready",
    ),
    "a Job that is done": (job(("Complete", "True", "")), Health.HEALTHY, "completed"),
    "a Job that runs": (job(), Health.PROGRESSING, "running"),
    "a Job that is held": (job(suspend=True), Health.SUSPENDED, "suspended"),
    "a Job that failed": (
        job(("Failed", "True", "Job has reached the specified backoff limit")),
        Health.DEGRADED,
        "failed: Job has reached the specified backoff limit",
    ),
    "a CronJob": (live("CronJob", spec={"schedule": "* * * * *"}), Health.HEALTHY, "scheduled"),
    "a CronJob that is held": (live("CronJob", spec={"suspend": True}), Health.SUSPENDED, "suspended"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_workload_is_judged_by_its_counters(case: str):
    given, health, sentence = CASES[case]
    verdict = look(given)
    assert (verdict.health, verdict.sentence) == (health, sentence)


def test_a_failed_job_cannot_heal_and_a_running_one_can():
    assert look(job(("Failed", "True", "x"))).cannot_heal
    assert not look(job()).cannot_heal


CRASH = container(
    restarts=3,
    state={"waiting": {"reason": "CrashLoopBackOff"}},
    lastState={"terminated": {"exitCode": 1, "reason": "Error"}},
)


def test_the_worst_new_pod_speaks_for_its_deployment():
    web = deployment(updatedReplicas=3, availableReplicas=1, replicas=3)
    new = replica_set(web, 2)
    bad = pod(new, "web-2-b", containerStatuses=[CRASH])
    slow = pod(new, "web-2-a")
    verdict = look(web, new, slow, bad)
    assert verdict.sentence == "1 of 3 pods ready; web-2-b: CrashLoopBackOff in web: exit code 1"
    assert verdict.health is Health.DEGRADED
    assert verdict.cannot_heal
    assert (verdict.ready, verdict.wanted) == (1, 3)


def test_pods_of_the_old_replica_set_condemn_nothing():
    web = deployment(updatedReplicas=1, availableReplicas=2, replicas=4)
    old, new = replica_set(web, 1), replica_set(web, 2)
    verdict = look(web, old, new, pod(old, "web-1-a", containerStatuses=[CRASH]))
    assert verdict.sentence == "1 of 3 pods are of the new version"
    assert not verdict.cannot_heal


def test_the_tenth_revision_is_newer_than_the_ninth():
    web = deployment(updatedReplicas=1, availableReplicas=2, replicas=4)
    ninth, tenth = replica_set(web, 9), replica_set(web, 10)
    assert look(web, ninth, tenth, pod(tenth, containerStatuses=[CRASH])).cannot_heal


def test_a_pod_that_is_shutting_down_condemns_nothing():
    web = deployment(updatedReplicas=3, availableReplicas=2, replicas=3)
    new = replica_set(web, 2)
    going = pod(new, containerStatuses=[CRASH])
    going["metadata"]["deletionTimestamp"] = "2026-05-04T12:00:00Z"
    assert not look(web, new, going).cannot_heal


@pytest.mark.parametrize(
    "given",
    [stateful(readyReplicas=0), daemon(desiredNumberScheduled=2, updatedNumberScheduled=2), job()],
    ids=lambda given: given["kind"],
)
def test_a_quota_is_a_wait_with_a_reason_that_reads_the_same_at_each_try(given: Manifest):
    refused = [
        event(given, "FailedCreate", f'pods "web-{name}" is forbidden: exceeded quota: few, limited: pods=4')
        for name in ("a1b2c", "x9y8z")
    ]
    verdicts = [look(given, one) for one in refused]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0].sentence.endswith("pods are refused: exceeded quota: few, limited: pods=4")
    assert verdicts[0].health is Health.PROGRESSING
    assert not verdicts[0].cannot_heal


def test_a_jobs_pod_that_fails_is_told_and_may_be_tried_again():
    migrate = job()
    verdict = look(migrate, pod(migrate, "migrate-1", phase="Failed", message="exit 3"))
    assert verdict.sentence == "running; migrate-1: exit 3"
    assert not verdict.cannot_heal


def test_a_cron_jobs_pods_are_under_it_by_their_job():
    nightly = live("CronJob", "nightly", spec={})
    run = live("Job", "nightly-1", owner=nightly)
    verdict = look(nightly, run, pod(run, "nightly-1-x", containerStatuses=[CRASH]))
    assert (verdict.health, verdict.sentence) == (Health.HEALTHY, "scheduled")
